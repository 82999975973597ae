#include "providers/client.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "talk.h"
#include "upstream_server.h"

namespace hansard::providers::testing {
namespace {

using namespace std::chrono_literals;

TEST(ProviderClient, SendsTheCallAndGivesTheAnswerAsItCame) {
  Mailbox<std::string> requests;
  UpstreamServer server([&](Peer& peer, int) {
    requests.put(peer.read_request());
    peer.send(
        "HTTP/1.1 429 Slow Down\r\nContent-Type: application/json\r\nRetry-After: 3\r\n"
        "Connection: keep-alive, x-hop\r\nX-Hop: 1\r\nKeep-Alive: timeout=5\r\n"
        "Content-Length: 2\r\n\r\n{}");
    peer.ended();
  });
  const auto client = client_at(server.url() + "/base/");
  core::ProviderCall call = post("{\"a\":1}");
  call.fields = {{"Content-Type", "application/json"},
                 {"Authorization", "Bearer mine"},
                 {"Host", "elsewhere"},
                 {"Connection", "close, X-Private"},
                 {"x-private", "1"},
                 {"Content-Length", "999"},
                 {"Expect", "100-continue"},
                 {"Accept-Encoding", "gzip, br"}};
  Talk talk(*client, std::move(call));
  auto head = talk.head();
  ASSERT_TRUE(head);
  EXPECT_EQ(head->status, 429);
  std::vector<std::string> names;
  for (const auto& field : head->fields) names.push_back(field.name);
  EXPECT_EQ(names, (std::vector<std::string>{"Content-Type", "Retry-After", "Content-Length"}));
  EXPECT_EQ(value_of(*head, "Retry-After"), "3");
  EXPECT_EQ(*talk.rest(), "{}");
  EXPECT_EQ(requests.take(), "POST /base/v1/chat/completions HTTP/1.1\r\nHost: 127.0.0.1:" +
                                 std::to_string(server.port()) +
                                 "\r\nContent-Type: application/json\r\n"
                                 "Authorization: Bearer mine\r\nAccept-Encoding: gzip, br\r\n"
                                 "Content-Length: 7\r\n\r\n{\"a\":1}");
}

TEST(ProviderClient, ReadsEveryWayABodyCanEnd) {
  const std::vector<std::string> answers{
      ok("hello"),
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + chunk("he") + chunk("llo") +
          "0\r\nTrailer: x\r\n\r\n",
      "HTTP/1.1 200 OK\r\n\r\nhello",
      "HTTP/1.0 200 OK\r\n\r\nhello",
      "HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\nHTTP/1.1 100 Continue\r\n\r\n" + ok("hello"),
  };
  for (const std::string& answer : answers) {
    UpstreamServer server([&](Peer& peer, int) {
      peer.read_request();
      peer.send(answer);
    });
    const auto client = client_at(server.url());
    Talk talk(*client, get("/v1/models"));
    const auto head = talk.head();
    ASSERT_TRUE(head) << head.error().message;
    EXPECT_EQ(head->status, 200);
    EXPECT_EQ(*talk.rest(), "hello") << answer;
    EXPECT_EQ(*talk.next(), "") << "the end stays the end";
  }
}

TEST(ProviderClient, KnowsTheAnswersWithoutABody) {
  UpstreamServer server([&](Peer& peer, int) {
    EXPECT_EQ(peer.read_request().substr(0, 5), "HEAD ");
    peer.send("HTTP/1.1 200 OK\r\nContent-Length: 12345\r\n\r\n");
    peer.read_request();
    peer.send("HTTP/1.1 204 No Content\r\n\r\n");
    peer.read_request();
    peer.send("HTTP/1.1 304 Not Modified\r\nContent-Length: 7\r\n\r\n");
    peer.ended();
  });
  const auto client = client_at(server.url());
  core::ProviderCall head_call = get("/a");
  head_call.method = "HEAD";
  Talk first(*client, std::move(head_call));
  EXPECT_EQ(value_of(*first.head(), "Content-Length"), "12345");
  EXPECT_EQ(*first.rest(), "");
  for (const int status : {204, 304}) {
    Talk talk(*client, get("/a"));
    EXPECT_EQ(talk.head()->status, status);
    EXPECT_EQ(*talk.rest(), "");
  }
  EXPECT_EQ(server.accepted(), 1);
}

TEST(ProviderClient, HandsOnEachChunkBeforeTheNextOneExists) {
  Mailbox<int> seen;
  UpstreamServer server([&](Peer& peer, int) {
    peer.read_request();
    peer.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
    for (int i = 0; i < 20; ++i) {
      peer.send(chunk("data: " + std::to_string(i) + "\n\n"));
      if (!seen.take()) return;  // only now is there another one
    }
    peer.send("0\r\n\r\n");
    peer.ended();
  });
  const auto client = client_at(server.url());
  Talk talk(*client, post("{}"));
  ASSERT_TRUE(talk.head());
  for (int i = 0; i < 20; ++i) {
    EXPECT_EQ(*talk.next(), "data: " + std::to_string(i) + "\n\n");
    seen.put(i);
  }
  EXPECT_EQ(*talk.next(), "");
}

TEST(ProviderClient, TellsTheHeadBeforeThereIsABody) {
  Door told;
  UpstreamServer server([&](Peer& peer, int) {
    peer.read_request();
    peer.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n");
    told.wait();
    peer.send("ok");
  });
  const auto client = client_at(server.url());
  Talk talk(*client, post("{}"));
  EXPECT_EQ(talk.head()->status, 200);
  told.open();
  EXPECT_EQ(*talk.rest(), "ok");
}

TEST(ProviderClient, ReadsNothingThatNobodyAskedFor) {
  constexpr std::size_t kBytes = 64U << 20;
  std::atomic<std::size_t> sent = 0;
  Mailbox<std::size_t> stuck;
  UpstreamServer server([&](Peer& peer, int) {
    peer.read_request();
    peer.send("HTTP/1.1 200 OK\r\nContent-Length: " + std::to_string(kBytes) + "\r\n\r\n");
    const std::string piece(64U << 10, 'x');
    while (sent < kBytes) {
      pollfd room{peer.fd(), POLLOUT, 0};
      if (::poll(&room, 1, 300) == 0) {
        stuck.put(sent);  // the kernel's buffers are full: nobody reads
        ::poll(&room, 1, static_cast<int>(std::chrono::milliseconds(kPatience).count()));
      }
      const auto went = ::send(peer.fd(), piece.data(), piece.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
      if (went < 0 && errno != EAGAIN) return;
      if (went > 0) sent += static_cast<std::size_t>(went);
    }
  });
  const auto client = client_at(server.url());
  Talk talk(*client, post("{}"));
  ASSERT_TRUE(talk.head());
  const auto at = stuck.take();
  ASSERT_TRUE(at) << "the server could send all of it";
  EXPECT_LT(*at, kBytes / 2);
  const std::size_t piece = talk.next()->size();
  EXPECT_LE(piece, 64U << 10);
  EXPECT_EQ(piece + talk.rest()->size(), kBytes);
}

TEST(ProviderClient, SendsLargeBodiesToSlowReaders) {
  std::string body(24U << 20, 'a');
  for (std::size_t i = 0; i < body.size(); i += 4099) body[i] = static_cast<char>('a' + i % 26);
  UpstreamServer server([&](Peer& peer, int) {
    const std::string request = peer.read_request();
    peer.send(ok(request.ends_with(body) ? "same" : "different"));
    peer.ended();
  });
  const auto client = client_at(server.url());
  Talk talk(*client, post(body));
  ASSERT_TRUE(talk.head());
  EXPECT_EQ(*talk.rest(), "same");
}

TEST(ProviderClient, HearsAnAnswerThatComesBeforeTheWholeRequestWasRead) {
  Mailbox<bool> heard;
  UpstreamServer server([&](Peer& peer, int number) {
    char some[1000];
    ::recv(peer.fd(), some, sizeof some, 0);
    peer.send("HTTP/1.1 413 Too Large\r\nContent-Length: 3\r\n\r\nbig");
    if (number == 1) peer.shutdown_send();  // as servers do that give up on the rest
    heard.take();
  });
  const auto client = client_at(server.url());
  for (int i = 0; i < 2; ++i) {
    Talk talk(*client, post(std::string(32U << 20, 'x')));
    const auto head = talk.head();
    ASSERT_TRUE(head) << head.error().message;
    EXPECT_EQ(head->status, 413);
    EXPECT_EQ(*talk.rest(), "big");
    heard.put(true);
  }
  EXPECT_EQ(server.accepted(), 2) << "half a request cannot be followed by another one";
}

TEST(ProviderClient, CarriesAThousandSlowCallsOnOneThread) {
  constexpr int kCalls = 1000;
  Door all_here;
  Door go_on;
  std::atomic<int> here = 0;
  UpstreamServer server([&](Peer& peer, int) {
    const std::string request = peer.read_request();
    peer.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + chunk("a"));
    if (++here == kCalls) all_here.open();
    go_on.wait();
    peer.send(chunk(request.substr(request.size() - 4)));
    peer.send("0\r\n\r\n");
    peer.ended();
  });
  const auto client = client_at(server.url());
  std::vector<std::unique_ptr<Talk>> talks;
  for (int i = 0; i < kCalls; ++i) {
    talks.push_back(std::make_unique<Talk>(*client, post(std::to_string(1000 + i))));
  }
  ASSERT_TRUE(all_here.wait()) << here;
  EXPECT_EQ(status_of(*client).calls_active, kCalls) << "at this moment, all of them";
  go_on.open();
  for (int i = 0; i < kCalls; ++i) {
    Talk& talk = *talks[static_cast<std::size_t>(i)];
    ASSERT_TRUE(talk.head());
    EXPECT_EQ(*talk.rest(), "a" + std::to_string(1000 + i));
  }
  const ProviderStatus status = status_of(*client);
  EXPECT_EQ(status.succeeded, kCalls);
  EXPECT_EQ(status.calls_active, 0U);
  EXPECT_EQ(status.connections_idle, 32U) << "the rest is closed";
}

TEST(ProviderClient, SpeaksIPv6) {
  UpstreamServer server(
      [&](Peer& peer, int) {
        EXPECT_NE(peer.read_request().find("Host: [::1]:"), std::string::npos);
        peer.send(ok("six"));
      },
      AF_INET6);
  if (server.port() == 0) GTEST_SKIP() << "no IPv6 on this machine";
  const auto client = client_at("http://[::1]:" + std::to_string(server.port()));
  Talk talk(*client, get("/"));
  ASSERT_TRUE(talk.head());
  EXPECT_EQ(*talk.rest(), "six");
}

TEST(ProviderClient, LooksUpNames) {
  UpstreamServer server([&](Peer& peer, int) {
    EXPECT_NE(peer.read_request().find("Host: localhost:"), std::string::npos);
    peer.send(ok("named"));
  });
  // On most machines ::1 comes first and refuses; the next address is tried.
  const auto client = client_at("http://localhost:" + std::to_string(server.port()));
  Talk talk(*client, get("/"));
  const auto head = talk.head();
  ASSERT_TRUE(head) << head.error().message;
  EXPECT_EQ(*talk.rest(), "named");
}

}  // namespace
}  // namespace hansard::providers::testing
