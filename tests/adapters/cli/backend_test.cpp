#include "backend.h"

#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <thread>

namespace {

using namespace hansard::cli;
using hansard::core::Errc;

/// Answers each connection with prepared bytes, then closes it.
class Peer {
 public:
  explicit Peer(std::vector<std::string> answers) : answers_(std::move(answers)) {
    listener_ = ::socket(AF_INET, SOCK_STREAM, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    EXPECT_EQ(::bind(listener_, reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
    socklen_t size = sizeof address;
    ::getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size);
    port_ = ntohs(address.sin_port);
    ::listen(listener_, 8);
    thread_ = std::thread([this] { run(); });
  }
  ~Peer() {
    ::shutdown(listener_, SHUT_RDWR);
    thread_.join();
    ::close(listener_);
  }
  [[nodiscard]] std::string url() const { return "http://127.0.0.1:" + std::to_string(port_); }
  std::vector<std::string> requests;  ///< read after the peer is gone

 private:
  void run() {
    for (const std::string& answer : answers_) {
      const int fd = ::accept(listener_, nullptr, nullptr);
      if (fd < 0) return;
      std::string request(4096, '\0');
      const ssize_t got = ::recv(fd, request.data(), request.size(), 0);
      request.resize(got > 0 ? static_cast<std::size_t>(got) : 0);
      requests.push_back(std::move(request));
      EXPECT_EQ(::send(fd, answer.data(), answer.size(), MSG_NOSIGNAL),
                static_cast<ssize_t>(answer.size()));
      ::close(fd);
    }
  }

  std::vector<std::string> answers_;
  int listener_ = -1;
  std::uint16_t port_ = 0;
  std::thread thread_;
};

std::string answer(const std::string& body, const std::string& status = "200 OK") {
  return "HTTP/1.1 " + status + "\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" +
         body;
}

TEST(Backend, ReadsAnAnswer) {
  Peer peer({answer("{\"a\":1}")});
  const auto backend = connect_url(peer.url(), "p1", "").value();
  const auto json = get_json(*backend, "/v1/x");
  ASSERT_TRUE(json) << json.error().message;
  EXPECT_NE(json->find("a"), nullptr);
}

TEST(Backend, DialsAgainWhenAKeptConnectionIsGone) {
  Peer peer({answer("{}"), answer("{}")});
  const auto backend = connect_url(peer.url(), "", "").value();
  EXPECT_TRUE(get_json(*backend, "/1"));
  EXPECT_TRUE(get_json(*backend, "/2"));
}

TEST(Backend, AProblemDocumentIsAnErrorAgain) {
  Peer peer({answer(R"({"code":"version_conflict","detail":"no","field":"checks[0]",
    "violations":[{"stream":"custom-a","expected":"none","actual":"3"}]})",
                    "409 Conflict")});
  const auto backend = connect_url(peer.url(), "", "").value();
  const auto json = get_json(*backend, "/v1/x");
  ASSERT_FALSE(json);
  EXPECT_EQ(json.error().code, Errc::version_conflict);
  EXPECT_EQ(json.error().message, "no");
  EXPECT_EQ(json.error().field, "checks[0]");
  ASSERT_EQ(json.error().violations.size(), 1U);
  EXPECT_EQ(json.error().violations[0].actual, "3");
}

TEST(Backend, StreamsPiecesUntilTheEnd) {
  Peer peer(
      {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n"});
  const auto backend = connect_url(peer.url(), "", "").value();
  std::string all;
  const auto status = backend->stream("/v1/events", [&](std::string_view piece) {
    all += piece;
    return true;
  });
  ASSERT_TRUE(status) << status.error().message;
  EXPECT_EQ(all, "abcde");
}

TEST(Backend, ACutStreamIsNoEnd) {
  Peer peer({"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n"});
  const auto backend = connect_url(peer.url(), "", "").value();
  const auto status = backend->stream("/v1/events", [](std::string_view) { return true; });
  ASSERT_FALSE(status);
  EXPECT_EQ(status.error().code, Errc::unavailable);
}

TEST(Backend, AnAnswerCutShortIsNoAnswer) {
  Peer peer({"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{\"a\":"});
  const auto backend = connect_url(peer.url(), "", "").value();
  EXPECT_EQ(get_json(*backend, "/v1/x").error().code, Errc::unavailable);
}

TEST(Backend, SomethingElseOnThePortIsSaid) {
  Peer peer({"220 mail.example ESMTP\r\n"});
  const auto backend = connect_url(peer.url(), "", "").value();
  const auto json = get_json(*backend, "/v1/x");
  ASSERT_FALSE(json);
  EXPECT_NE(json.error().message.find("no HTTP server"), std::string::npos) << json.error().message;
}

TEST(Backend, NobodyThereIsSaid) {
  std::string url;
  { url = Peer({}).url(); }
  const auto backend = connect_url(url, "", "").value();
  const auto json = get_json(*backend, "/v1/x");
  ASSERT_FALSE(json);
  EXPECT_EQ(json.error().code, Errc::unavailable);
}

TEST(Backend, UrlsAreJudged) {
  EXPECT_EQ(connect_url("https://example.org", "", "", "/no/such.pem").error().field, "ca_file");
  EXPECT_EQ(connect_url("http://", "", "").error().code, Errc::invalid_argument);
  EXPECT_EQ(connect_url("http://a:b", "", "").error().code, Errc::invalid_argument);
  EXPECT_EQ(connect_url("http://a/b", "", "").error().code, Errc::invalid_argument);
  EXPECT_EQ(connect_url("http://[::1]:7070/", "", "").value()->place(), "http://[::1]:7070");
}

TEST(Backend, ASocketLeftBehindIsNoServer) {
  EXPECT_EQ(connect_socket("/nowhere/hansard.sock", "").error().code, Errc::not_found);
}

TEST(TargetBuilder, EncodesEveryPart) {
  EXPECT_EQ(TargetBuilder()
                .segment("v1")
                .segment("a/b c")
                .query("as_of", "version:7")
                .query("x", "ü&")
                .text(),
            "/v1/a%2Fb%20c?as_of=version%3A7&x=%C3%BC%26");
}

}  // namespace
