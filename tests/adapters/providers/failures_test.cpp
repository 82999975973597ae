// Every way a call can go wrong, with the field that names it.
#include <gtest/gtest.h>

#include "listeners.h"
#include "talk.h"
#include "upstream_server.h"

namespace hansard::providers::testing {
namespace {

using namespace std::chrono_literals;
using core::Errc;

constexpr std::size_t kTooLong = 70U << 10;

TEST(ProviderFailures, AnUnknownProviderIsNotFound) {
  const auto client = client_at("http://127.0.0.1:1");
  core::ProviderCall call = post("{}");
  call.provider = "other";
  Talk talk(*client, std::move(call));
  const auto head = talk.head();
  ASSERT_FALSE(head);
  EXPECT_EQ(head.error().code, Errc::not_found);
  EXPECT_EQ(head.error().field, "provider");
}

TEST(ProviderFailures, ARefusedConnectionIsUnavailable) {
  const BoundPort port;  // nobody listens on it
  const auto client = client_at(port.url());
  Talk talk(*client, post("{}"));
  const auto head = talk.head();
  ASSERT_FALSE(head);
  EXPECT_EQ(head.error().code, Errc::unavailable);
  EXPECT_EQ(head.error().field, "connect");
  EXPECT_NE(head.error().message.find("refused"), std::string::npos) << head.error().message;
  const auto again = talk.next();
  ASSERT_FALSE(again);
  EXPECT_EQ(again.error().field, "connect");
  const ProviderStatus status = status_of(*client);
  EXPECT_EQ(status.failures.at("connect"), 1U);
  ASSERT_TRUE(status.last_error);
  EXPECT_EQ(status.last_error->error.field, "connect");
  EXPECT_EQ(status.last_error->at, FixedClock().now());
  EXPECT_FALSE(status.last_success);
  EXPECT_EQ(status.calls_active, 0U);
  EXPECT_EQ(status.connections_open, 0U);
}

TEST(ProviderFailures, ANameThatDoesNotExistIsUnavailable) {
  const auto client = client_at("http://no-such-host.invalid");
  Talk talk(*client, post("{}"));
  const auto head = talk.head();
  ASSERT_FALSE(head);
  EXPECT_EQ(head.error().code, Errc::unavailable);
  EXPECT_EQ(head.error().field, "connect");
}

struct Slow {
  std::string field;
  core::ProviderDeadlines deadlines;
  std::string answer;  ///< after which the server is silent
};

TEST(ProviderFailures, EachDeadlineHasItsName) {
  const std::string half = "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf";
  const std::vector<Slow> cases{
      {"first_byte", {5s, 100ms, 5s, 0ms}, ""},
      {"first_byte", {5s, 100ms, 5s, 0ms}, "HTTP/1.1 200 OK\r\nContent-Le"},
      {"first_byte", {5s, 100ms, 5s, 0ms}, "HTTP/1.1 100 Continue\r\n\r\n"},
      {"idle", {5s, 5s, 100ms, 0ms}, half},
      {"total", {5s, 5s, 5s, 100ms}, half},
      {"total", {5s, 5s, 5s, 100ms}, ""},
      {"total", {0ms, 0ms, 0ms, 100ms}, half},
  };
  for (const Slow& slow : cases) {
    Mailbox<bool> closed;
    UpstreamServer server([&](Peer& peer, int) {
      peer.read_request();
      peer.send(slow.answer);
      closed.put(peer.ended());
    });
    const auto client = client_at(server.url());
    core::ProviderCall call = post("{}");
    call.deadlines = slow.deadlines;
    Talk talk(*client, std::move(call));
    EXPECT_EQ(failure(talk), slow.field) << slow.answer;
    EXPECT_EQ(closed.take(), true) << "the connection is closed when the deadline has passed";
    EXPECT_EQ(status_of(*client).failures.at(slow.field), 1U);
    EXPECT_EQ(status_of(*client).last_error->error.code, Errc::timed_out);
  }
}

TEST(ProviderFailures, ConnectingHasItsDeadline) {
  const FullListener listener;
  const auto client = client_at(listener.url());
  core::ProviderCall call = post("{}");
  call.deadlines = core::ProviderDeadlines{200ms, 5s, 5s, 0ms};
  Talk talk(*client, std::move(call));
  const auto head = talk.head();
  ASSERT_FALSE(head);
  EXPECT_EQ(head.error().code, Errc::timed_out);
  EXPECT_EQ(head.error().field, "connect");
}

TEST(ProviderFailures, TheTotalEndsAnAnswerThatNobodyReads) {
  Mailbox<bool> closed;
  UpstreamServer server([&](Peer& peer, int) {
    peer.read_request();
    peer.send("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf");
    closed.put(peer.ended());
  });
  const auto client = client_at(server.url());
  core::ProviderCall call = post("{}");
  call.deadlines = core::ProviderDeadlines{5s, 5s, 5s, 100ms};
  Talk talk(*client, std::move(call));
  ASSERT_TRUE(talk.head());
  EXPECT_EQ(closed.take(), true);
  EXPECT_EQ(*talk.next(), "half") << "what came is not lost";
  EXPECT_EQ(talk.next().error().field, "total");
}

TEST(ProviderFailures, ASlowReaderIsNotASilentProvider) {
  Door read;
  UpstreamServer server([&](Peer& peer, int) {
    peer.read_request();
    peer.send("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf");
    // Longer than the idle deadline, and nobody asks meanwhile.
    EXPECT_TRUE(peer.silent(300ms));
    read.open();
    peer.send("other!");
    peer.ended();
  });
  const auto client = client_at(server.url());
  core::ProviderCall call = post("{}");
  call.deadlines = core::ProviderDeadlines{5s, 5s, 100ms, 0ms};
  Talk talk(*client, std::move(call));
  ASSERT_TRUE(talk.head());
  ASSERT_TRUE(read.wait());
  EXPECT_EQ(*talk.rest(), "halfother!");
}

TEST(ProviderFailures, ABrokenConnectionIsNamedByWhereItBroke) {
  const std::vector<std::pair<std::string, std::string>> cases{
      {"", "reset"},
      {"HTTP/1.1 200 OK\r\nContent-", "reset"},
      {"HTTP/1.1 100 Continue\r\n\r\n", "reset"},
      {"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n", "truncated"},
      {"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf", "truncated"},
      {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n", "truncated"},
      {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n", "truncated"},
  };
  for (const auto& [answer, field] : cases) {
    for (const bool hard : {false, true}) {
      UpstreamServer server([&, bytes = answer](Peer& peer, int) {
        peer.read_request();
        peer.send(bytes);
        if (hard) peer.reset_at_close();
      });
      const auto client = client_at(server.url());
      Talk talk(*client, post("{}"));
      const std::string told = failure(talk);
      // A reset may overtake what was sent before it.
      EXPECT_TRUE(told == field || (hard && told == "reset")) << answer << " told " << told;
      EXPECT_EQ(server.accepted(), 1) << "a fresh connection that breaks is not tried again";
      EXPECT_EQ(status_of(*client).last_error->error.code, Errc::unavailable);
    }
  }
}

TEST(ProviderFailures, ABodyThatEndsWithAResetIsTruncated) {
  Door heard;
  UpstreamServer server([&](Peer& peer, int) {
    peer.read_request();
    peer.send("HTTP/1.1 200 OK\r\n\r\nno length, so only the end says so");
    heard.wait();
    peer.reset_at_close();
  });
  const auto client = client_at(server.url());
  Talk talk(*client, post("{}"));
  ASSERT_TRUE(talk.head());
  std::string got;
  while (got.size() < 34) got += *talk.next();
  heard.open();
  EXPECT_EQ(talk.next().error().field, "truncated");
}

TEST(ProviderFailures, GarbageIsNoHttp) {
  const std::string ok_head = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
  const std::vector<std::string> cases{
      "SSH-2.0-OpenSSH_9.2\r\n\r\n",
      std::string("\x16\x03\x01\x00\x02\x02\x28", 7),
      "<html>hello</html>\r\n\r\n",
      "HTTP/2 200\r\n\r\n",
      "HTTP/1.1 20 OK\r\n\r\n",
      "HTTP/1.1 200 OK\r\nno colon\r\n\r\n",
      "HTTP/1.1 200 OK\r\nContent-Length: ten\r\n\r\n",
      "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
      "HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999999\r\n\r\n",
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\n",
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked, gzip\r\n\r\n",
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n",
      "HTTP/1.1 101 Switching Protocols\r\nUpgrade: h2c\r\n\r\n",
      "HTTP/1.1 200 OK\r\nX: " + std::string(kTooLong, 'x') + "\r\n\r\n",
      ok_head + "zz\r\n",
      ok_head + "5\r\nhelloXX0\r\n\r\n",
      ok_head + "fffffffffffffffffff\r\n",
      ok_head + "5;" + std::string(kTooLong, 'x'),
  };
  for (const std::string& answer : cases) {
    UpstreamServer server([&](Peer& peer, int) {
      peer.read_request();
      peer.send(answer);
      peer.ended();
    });
    const auto client = client_at(server.url());
    Talk talk(*client, post("{}"));
    EXPECT_EQ(failure(talk), "protocol") << answer.substr(0, 100);
    EXPECT_EQ(status_of(*client).connections_open, 0U);
  }
}

TEST(ProviderFailures, WhatCameBeforeTheGarbageIsGiven) {
  UpstreamServer server([&](Peer& peer, int) {
    peer.read_request();
    peer.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + chunk("good") + "zz\r\n");
    peer.ended();
  });
  const auto client = client_at(server.url());
  Talk talk(*client, post("{}"));
  ASSERT_TRUE(talk.head());
  EXPECT_EQ(*talk.next(), "good");
  EXPECT_EQ(talk.next().error().field, "protocol");
}

TEST(ProviderFailures, EndlessInterimAnswersEnd) {
  UpstreamServer server([&](Peer& peer, int) {
    peer.read_request();
    while (peer.send("HTTP/1.1 102 Processing\r\n\r\n")) {
    }
  });
  const auto client = client_at(server.url());
  Talk talk(*client, post("{}"));
  EXPECT_EQ(failure(talk), "protocol");
}

TEST(ProviderFailures, WhatHttpCannotCarryIsNotSent) {
  const auto client = client_at("http://127.0.0.1:1");
  const std::vector<std::pair<std::string, std::function<void(core::ProviderCall&)>>> cases{
      {"method", [](auto& call) { call.method = "PO ST"; }},
      {"method", [](auto& call) { call.method = ""; }},
      {"method", [](auto& call) { call.method = "CONNECT"; }},
      {"target", [](auto& call) { call.target = "/v1 HTTP/1.1\r\nX: y"; }},
      {"fields",
       [](auto& call) {
         call.fields = {{"X-A", "b\r\nInjected: 1"}};
       }},
      {"fields",
       [](auto& call) {
         call.fields = {{"X A", "b"}};
       }},
      {"fields",
       [](auto& call) {
         call.fields = {{"", "b"}};
       }},
  };
  for (const auto& [field, spoil] : cases) {
    core::ProviderCall call = post("{}");
    spoil(call);
    Talk talk(*client, std::move(call));
    const auto head = talk.head();
    ASSERT_FALSE(head);
    EXPECT_EQ(head.error().code, Errc::invalid_argument);
    EXPECT_EQ(head.error().field, field);
  }
  EXPECT_FALSE(status_of(*client).last_error) << "the provider did nothing wrong";
  EXPECT_EQ(status_of(*client).failures.at("fields"), 3U);
}

TEST(ProviderFailures, CallsBeyondTheConnectionsAreRefusedAtOnce) {
  Door done;
  UpstreamServer server([&](Peer& peer, int) {
    peer.read_request();
    peer.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n");
    done.wait();
    peer.send("ok");
    if (!peer.read_request().empty()) peer.send(ok("next"));
    peer.ended();
  });
  ProviderSettings provider = provider_at(server.url());
  provider.connections_max = 2;
  const auto client = client_with(settings_with(provider));
  Talk first(*client, post("{}"));
  Talk second(*client, post("{}"));
  ASSERT_TRUE(first.head());
  ASSERT_TRUE(second.head());
  Talk third(*client, post("{}"));
  const auto refused = third.head();
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Errc::overloaded);
  EXPECT_EQ(refused.error().field, "connections");
  done.open();
  EXPECT_EQ(*first.rest(), "ok");
  Talk fourth(*client, post("{}"));
  EXPECT_TRUE(fourth.head()) << "there is room again";
}

TEST(ProviderFailures, StoppingCancelsEveryCall) {
  Mailbox<bool> here;
  UpstreamServer server([&](Peer& peer, int) {
    const std::string request = peer.read_request();
    if (request.starts_with("GET ")) {
      peer.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n");
    }
    here.put(true);
    peer.ended();
  });
  auto client = client_at(server.url());
  Talk waiting(*client, post("{}"));
  Talk reading(*client, get("/"));
  ASSERT_TRUE(here.take());
  ASSERT_TRUE(here.take());
  ASSERT_TRUE(reading.head());
  reading.ask();
  client.reset();
  EXPECT_EQ(waiting.told(), 1U) << "told before the client is gone";
  EXPECT_EQ(waiting.head().error().code, Errc::cancelled);
  EXPECT_EQ(reading.answer().error().code, Errc::cancelled);
  EXPECT_EQ(reading.next().error().field, "stopping");
}

}  // namespace
}  // namespace hansard::providers::testing
