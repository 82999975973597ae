#include <netdb.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <boost/asio/buffer.hpp>
#include <boost/beast/http/buffer_body.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <filesystem>
#include <optional>

#include "backend.h"
#include "http/server.h"
#include "tls_client.h"

namespace hansard::cli {

namespace {

namespace asio = boost::asio;
namespace beast_http = boost::beast::http;
using boost::system::error_code;
using core::Errc;
using core::Error;
using core::Ok;
using core::Result;
using core::Status;

constexpr int kConnectMs = 5'000;
/// Longest silence of the server; longer than its own deadlines, so that it speaks first.
constexpr int kSilenceMs = 120'000;
constexpr std::size_t kReadBytes = 64U << 10;
constexpr std::uint64_t kAnswerBytesMax = 1U << 30;

/// A connected stream socket with deadlines.
class Socket {
 public:
  explicit Socket(int fd) : fd_(fd) {}
  ~Socket() { ::close(fd_); }
  Socket(const Socket&) = delete;
  Socket& operator=(const Socket&) = delete;

  /// Speaks TLS from here on, with `host`. Errors: unavailable, with the reason.
  Status greet(std::shared_ptr<const tls::Context> context, const std::string& host) {
    auto session = tls::Session::connect(std::move(context), host);
    if (!session) return std::move(session).error();
    tls_ = std::make_unique<TlsClient>(*std::move(session), fd_);
    for (;;) {
      const long done = tls_->handshake();
      if (done > 0) return Ok{};
      if (!tls_->waits()) return Error{Errc::unavailable, host + ": TLS: " + tls_->why()};
      if (!ready(tls_->waits(), kConnectMs)) return silent();
    }
  }

  Status write_all(std::string_view bytes) {
    while (!bytes.empty()) {
      const ssize_t sent =
          tls_ ? tls_->write(bytes) : ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (sent >= 0) {
        bytes.remove_prefix(static_cast<std::size_t>(sent));
      } else if (const short events = waits(POLLOUT); events != 0) {
        if (!ready(events, kSilenceMs)) return silent();
      } else if (tls_ || errno != EINTR) {
        return failed();
      }
    }
    return Ok{};
  }

  /// Bytes read; 0 at the end.
  Result<std::size_t> read_some(char* into, std::size_t bytes, int wait_ms) {
    for (;;) {
      const ssize_t got = tls_ ? tls_->read(into, bytes) : ::recv(fd_, into, bytes, 0);
      if (got >= 0) return static_cast<std::size_t>(got);
      if (const short events = waits(POLLIN); events != 0) {
        if (!ready(events, wait_ms)) return silent();
      } else if (tls_ || errno != EINTR) {
        return failed();
      }
    }
  }

  bool connected_within(int wait_ms) {
    int error = 0;
    socklen_t size = sizeof error;
    return ready(POLLOUT, wait_ms) && ::getsockopt(fd_, SOL_SOCKET, SO_ERROR, &error, &size) == 0 &&
           (errno = error) == 0;
  }
  [[nodiscard]] int fd() const { return fd_; }

 private:
  bool ready(short events, int wait_ms) {
    pollfd wait{fd_, events, 0};
    int result = 0;
    do {
      result = ::poll(&wait, 1, wait_ms);
    } while (result < 0 && errno == EINTR);
    if (result == 0) errno = ETIMEDOUT;
    return result > 0;
  }
  /// What must happen before it is tried again; 0: it has failed.
  [[nodiscard]] short waits(short plain) const {
    if (tls_) return tls_->waits();
    return errno == EAGAIN || errno == EWOULDBLOCK ? plain : short{0};
  }
  static Error silent() { return {Errc::unavailable, "the server does not answer"}; }
  [[nodiscard]] Error failed() const {
    return {Errc::unavailable,
            "the connection broke: " + (tls_ ? tls_->why() : std::string(std::strerror(errno)))};
  }

  int fd_;
  std::unique_ptr<TlsClient> tls_;  ///< null: plain
};

using SocketPtr = std::unique_ptr<Socket>;
/// Opens a new connection.
using Dial = std::function<Result<SocketPtr>()>;

class RemoteBackend final : public Backend {
 public:
  RemoteBackend(Dial dial, std::string place, std::string host, std::string project,
                std::string key)
      : dial_(std::move(dial)),
        place_(std::move(place)),
        host_(std::move(host)),
        project_(std::move(project)),
        key_(std::move(key)),
        buffer_(kReadBytes, '\0') {}

  Result<Answer> call(const Call& call) override {
    const std::string head = request(call);
    // A kept connection may have been closed meanwhile: once more on a new one. Every write carries
    // its own ids, so a repeated request is the same request.
    for (bool fresh = socket_ == nullptr;; fresh = true) {
      auto answer = attempt(head);
      if (answer || fresh) return answer;
      socket_.reset();
    }
  }

  Status stream_call(const Call& call, const std::function<bool(std::string_view)>& sink) override {
    socket_.reset();
    Status sent = send(request(call));
    if (!sent) return sent;
    beast_http::response_parser<beast_http::buffer_body> parser;
    parser.body_limit(boost::none);
    std::array<char, kReadBytes> body{};
    std::string problem;
    while (!parser.is_done()) {
      parser.get().body().data = body.data();
      parser.get().body().size = body.size();
      parser.get().body().more = true;
      // A followed stream may be silent for as long as nothing happens.
      auto fed = feed(parser, parser.is_header_done() ? -1 : kSilenceMs);
      if (!fed) return drop(std::move(fed).error());
      const std::string_view piece(body.data(), body.size() - parser.get().body().size);
      if (piece.empty()) continue;
      if (parser.get().result_int() / 100 != 2) {
        problem += piece;
      } else if (!sink(piece)) {
        socket_.reset();
        return Ok{};
      }
    }
    const int status = static_cast<int>(parser.get().result_int());
    socket_.reset();
    if (status / 100 != 2) return error_of(Answer{status, problem});
    return Ok{};
  }

  [[nodiscard]] std::string place() const override { return place_; }

 private:
  [[nodiscard]] std::string request(const Call& call) const {
    std::string out{http::name(call.method)};
    out += " " + call.target + " HTTP/1.1\r\nHost: " + host_ + "\r\nAccept: application/json\r\n";
    if (!key_.empty()) out += "Hansard-Key: " + key_ + "\r\n";
    if (key_.empty() && !project_.empty()) out += "Hansard-Project: " + project_ + "\r\n";
    if (!call.key.empty()) out += "Idempotency-Key: " + call.key + "\r\n";
    if (call.method == http::Method::post || call.method == http::Method::put) {
      out +=
          "Content-Type: application/json\r\nContent-Length: " + std::to_string(call.body.size()) +
          "\r\n";
    }
    return out + "\r\n" + call.body;
  }

  Status send(const std::string& bytes) {
    held_ = {};
    if (socket_ == nullptr) {
      auto dialled = dial_();
      if (!dialled) return std::move(dialled).error();
      socket_ = *std::move(dialled);
    }
    return socket_->write_all(bytes);
  }

  Error drop(Error error) {
    socket_.reset();
    return error;
  }

  Result<Answer> attempt(const std::string& request) {
    const Status sent = send(request);
    if (!sent) return drop(sent.error());
    beast_http::response_parser<beast_http::string_body> parser;
    parser.body_limit(kAnswerBytesMax);
    while (!parser.is_done()) {
      auto fed = feed(parser, kSilenceMs);
      if (!fed) return drop(std::move(fed).error());
    }
    Answer answer{static_cast<int>(parser.get().result_int()), std::move(parser.get().body())};
    if (!parser.get().keep_alive()) socket_.reset();
    return answer;
  }

  /// Gives the parser what is held, reading first when it wants more.
  template <class Parser>
  Status feed(Parser& parser, int wait_ms) {
    error_code ec;
    if (!held_.empty()) {
      const std::size_t used = parser.put(asio::buffer(held_.data(), held_.size()), ec);
      held_.remove_prefix(used);
      if (!ec || ec == beast_http::error::need_buffer) return Ok{};
      if (ec != beast_http::error::need_more) return malformed(ec);
    }
    // What the parser left (an unfinished line) goes to the front.
    const std::size_t kept = held_.size();
    if (kept > 0) std::memmove(buffer_.data(), held_.data(), kept);
    if (kept == buffer_.size()) {
      return Error{Errc::unavailable, "the server's answer has an over-long line"};
    }
    auto got = socket_->read_some(buffer_.data() + kept, buffer_.size() - kept, wait_ms);
    if (!got) return std::move(got).error();
    held_ = std::string_view(buffer_.data(), kept + *got);
    if (*got > 0) return Ok{};
    if (!parser.is_header_done()) {
      return Error{Errc::unavailable, "the server closed the connection without an answer"};
    }
    parser.put_eof(ec);
    if (ec) return Error{Errc::unavailable, "the server broke off its answer"};
    return Ok{};
  }

  static Error malformed(const error_code& ec) {
    return {Errc::unavailable, "this is no HTTP server of ours: " + ec.message()};
  }

  Dial dial_;
  std::string place_;
  std::string host_;
  std::string project_;
  std::string key_;
  SocketPtr socket_;
  std::string buffer_;
  std::string_view held_;  ///< read, not yet parsed; within `buffer_`
};

/// Connects `fd` without blocking; closes it on failure.
Result<SocketPtr> connect_to(int family, const sockaddr* address, socklen_t size,
                             const std::string& place) {
  const int fd = ::socket(family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (fd < 0) return Error{Errc::unavailable, place + ": " + std::strerror(errno)};
  auto socket = std::make_unique<Socket>(fd);
  const bool done = ::connect(fd, address, size) == 0 ||
                    (errno == EINPROGRESS && socket->connected_within(kConnectMs));
  if (done) return socket;
  const Errc code = errno == ENOENT || errno == ECONNREFUSED ? Errc::not_found : Errc::unavailable;
  return Error{code, "no server at " + place + " (" + std::strerror(errno) + ")"};
}

Result<SocketPtr> dial_tcp(const std::string& host, const std::string& port,
                           const std::string& place) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  const int failure = ::getaddrinfo(host.c_str(), port.c_str(), &hints, &found);
  if (failure != 0) {
    return Error{Errc::unavailable, place + ": " + ::gai_strerror(failure)};
  }
  const std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)> list(found, &::freeaddrinfo);
  Result<SocketPtr> last = Error{Errc::unavailable, place + " has no address"};
  for (const addrinfo* at = found; at != nullptr; at = at->ai_next) {
    last = connect_to(at->ai_family, at->ai_addr, at->ai_addrlen, place);
    if (last) return last;
  }
  last.error().code = Errc::unavailable;
  return last;
}

Result<SocketPtr> dial_unix(const std::string& path) {
  auto address = http::UnixAddress::of(path);
  if (!address) return std::move(address).error();
  sockaddr_un to{};
  to.sun_family = AF_UNIX;
  std::memcpy(to.sun_path, address->path.data(),
              std::min(address->path.size(), sizeof to.sun_path - 1));
  return connect_to(AF_UNIX, reinterpret_cast<const sockaddr*>(&to), sizeof to, path);
}

}  // namespace

Result<std::unique_ptr<Backend>> connect_url(const std::string& url, std::string project,
                                             std::string key, const std::string& ca_file) {
  constexpr std::string_view kPlain = "http://";
  constexpr std::string_view kSecure = "https://";
  const bool secure = url.rfind(kSecure, 0) == 0;
  const std::string_view scheme = secure ? kSecure : kPlain;
  std::string authority = url.rfind(scheme, 0) == 0 ? url.substr(scheme.size()) : url;
  while (!authority.empty() && authority.back() == '/') authority.pop_back();
  std::string host = authority;
  std::string port = "7070";
  const std::size_t colon = authority.rfind(':');
  const std::size_t bracket = authority.rfind(']');
  if (colon != std::string::npos && (bracket == std::string::npos || colon > bracket)) {
    host = authority.substr(0, colon);
    port = authority.substr(colon + 1);
  }
  if (host.size() > 2 && host.front() == '[') host = host.substr(1, host.size() - 2);
  const bool digits = !port.empty() && port.find_first_not_of("0123456789") == std::string::npos;
  if (host.empty() || !digits || host.find_first_of("/?#@ ") != std::string::npos) {
    return Error{Errc::invalid_argument,
                 "--url " + url + ": expected http://host[:port] or https://host[:port]", "url"};
  }
  const std::string place = std::string(scheme) + authority;
  std::shared_ptr<const tls::Context> authorities;
  if (secure) {
    auto read = tls::Context::client(ca_file, true);
    if (!read) return Error{read.error().code, "ca_file: " + read.error().message, "ca_file"};
    authorities = *std::move(read);
  }
  const auto dial = [host, port, place, authorities]() -> Result<SocketPtr> {
    auto socket = dial_tcp(host, port, place);
    if (!socket || !authorities) return socket;
    const Status greeted = (*socket)->greet(authorities, host);
    if (!greeted) return greeted.error();
    return socket;
  };
  return std::unique_ptr<Backend>(
      std::make_unique<RemoteBackend>(dial, place, authority, std::move(project), std::move(key)));
}

Result<std::unique_ptr<Backend>> connect_socket(const std::string& path, std::string project) {
  std::error_code ignored;
  if (!std::filesystem::exists(path, ignored)) {
    return Error{Errc::not_found, "no server runs on " + path};
  }
  auto dial = [path] { return dial_unix(path); };
  // Only a connection tells a served socket from one left behind.
  auto first = dial();
  if (!first) return std::move(first).error();
  return std::unique_ptr<Backend>(std::make_unique<RemoteBackend>(
      std::move(dial), path, "localhost", std::move(project), std::string{}));
}

}  // namespace hansard::cli
