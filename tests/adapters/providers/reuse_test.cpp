// Connections that are used again, calls that are cancelled, configuration that changes.
#include <gtest/gtest.h>

#include "talk.h"
#include "upstream_server.h"

namespace hansard::providers::testing {
namespace {

using namespace std::chrono_literals;

/// Answers each request with the number of its connection until the client ends.
void tell_number(Peer& peer, int number) {
  while (!peer.read_request().empty()) peer.send(ok(std::to_string(number)));
}

std::string body_of(Client& client, core::ProviderCall call) {
  Talk talk(client, std::move(call));
  const auto head = talk.head();
  if (!head) return head.error().field + ": " + head.error().message;
  const auto body = talk.rest();
  return body ? *body : body.error().field;
}

/// Waits until `wanted` holds of the client's status, which the loop writes when it gets there.
template <class Wanted>
bool eventually(const Client& client, Wanted wanted) {
  const auto until = std::chrono::steady_clock::now() + kPatience;
  while (!wanted(status_of(client))) {
    if (std::chrono::steady_clock::now() > until) return false;
    std::this_thread::yield();
  }
  return true;
}

TEST(ProviderConnections, AreUsedAgain) {
  UpstreamServer server(tell_number);
  const auto client = client_at(server.url());
  for (int i = 0; i < 10; ++i) EXPECT_EQ(body_of(*client, post("{}")), "0");
  const ProviderStatus status = status_of(*client);
  EXPECT_EQ(status.connects, 1U);
  EXPECT_EQ(status.reuses, 9U);
  EXPECT_EQ(status.succeeded, 10U);
  EXPECT_EQ(status.connections_open, 1U);
  EXPECT_EQ(status.connections_idle, 1U);
  EXPECT_EQ(status.last_success, FixedClock().now());
}

TEST(ProviderConnections, AreNotUsedAgainWhenTheAnswerForbidsIt) {
  const std::vector<std::string> answers{
      "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 1\r\n\r\nx",
      "HTTP/1.0 200 OK\r\nContent-Length: 1\r\n\r\nx",
      "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nxunasked",
  };
  for (const std::string& answer : answers) {
    UpstreamServer server([&](Peer& peer, int) {
      peer.read_request();
      peer.send(answer);
      peer.ended();
    });
    const auto client = client_at(server.url());
    EXPECT_EQ(body_of(*client, post("{}")), "x");
    EXPECT_EQ(body_of(*client, post("{}")), "x");
    EXPECT_EQ(server.accepted(), 2) << answer;
  }
}

TEST(ProviderConnections, ThatEndWhileIdleAreForgotten) {
  UpstreamServer server([&](Peer& peer, int number) {
    peer.read_request();
    peer.send(ok(std::to_string(number)));
  });
  const auto client = client_at(server.url());
  EXPECT_EQ(body_of(*client, post("{}")), "0");
  ASSERT_TRUE(eventually(*client, [](const auto& status) { return status.connections_open == 0; }));
  EXPECT_EQ(body_of(*client, post("{}")), "1");
  EXPECT_EQ(status_of(*client).retries, 0U);
}

TEST(ProviderConnections, ThatDieBeforeAByteOfTheAnswerAreReplacedOnce) {
  // The first connection takes a second request and ends: as when it was idle too long, and the
  // request crossed the end on its way.
  for (const bool hard : {false, true}) {
    UpstreamServer server([&](Peer& peer, int number) {
      peer.read_request();
      peer.send(ok(std::to_string(number)));
      const std::string second = peer.read_request();
      if (hard) peer.reset_at_close();
      if (number == 0) return;
      if (!second.empty()) peer.send(ok("again"));
    });
    const auto client = client_at(server.url());
    EXPECT_EQ(body_of(*client, post("{}")), "0");
    EXPECT_EQ(body_of(*client, post("{\"large\":\"" + std::string(1U << 20, 'x') + "\"}")), "1");
    const ProviderStatus status = status_of(*client);
    EXPECT_EQ(status.retries, 1U);
    EXPECT_EQ(status.reuses, 1U);
    EXPECT_EQ(status.connects, 2U);
    EXPECT_TRUE(status.failures.empty());
  }
}

TEST(ProviderConnections, AreReplacedOnlyOnce) {
  UpstreamServer server([&](Peer& peer, int number) {
    peer.read_request();
    if (number > 0) return;
    peer.send(ok("0"));
    peer.read_request();
  });
  const auto client = client_at(server.url());
  EXPECT_EQ(body_of(*client, post("{}")), "0");
  EXPECT_TRUE(body_of(*client, post("{}")).starts_with("reset: "));
  EXPECT_EQ(server.accepted(), 2);
}

TEST(ProviderConnections, ThatDieWithinTheAnswerAreNotReplaced) {
  UpstreamServer server([&](Peer& peer, int) {
    peer.read_request();
    peer.send(ok("0"));
    peer.read_request();
    peer.send("HTTP/1.1 2");
  });
  const auto client = client_at(server.url());
  EXPECT_EQ(body_of(*client, post("{}")), "0");
  EXPECT_TRUE(body_of(*client, post("{}")).starts_with("reset: "));
  EXPECT_EQ(server.accepted(), 1);
}

TEST(ProviderConnections, ThatDieWhileTheModelThinksAreNotReplaced) {
  // Much later than a crossing: the request may have been at work, and cost money.
  UpstreamServer server([&](Peer& peer, int) {
    peer.read_request();
    peer.send(ok("0"));
    peer.read_request();
    EXPECT_TRUE(peer.silent(1200ms));
  });
  const auto client = client_at(server.url());
  EXPECT_EQ(body_of(*client, post("{}")), "0");
  EXPECT_TRUE(body_of(*client, post("{}")).starts_with("reset: "));
  EXPECT_EQ(server.accepted(), 1);
}

TEST(ProviderConnections, AreKeptIdleOnlySoManyAndSoLong) {
  Door all;
  std::atomic<int> here = 0;
  UpstreamServer server([&](Peer& peer, int number) {
    peer.read_request();
    if (++here == 4) all.open();
    all.wait();
    peer.send(ok(std::to_string(number)));
    peer.ended();
  });
  ProviderSettings provider = provider_at(server.url());
  provider.idle_connections_max = 2;
  provider.idle_time = 200ms;
  const auto client = client_with(settings_with(provider));
  {
    std::vector<std::unique_ptr<Talk>> talks;
    for (int i = 0; i < 4; ++i) talks.push_back(std::make_unique<Talk>(*client, post("{}")));
    for (const auto& talk : talks) {
      ASSERT_TRUE(talk->head());
      ASSERT_TRUE(talk->rest());
    }
  }
  EXPECT_LE(status_of(*client).connections_open, 2U);
  EXPECT_TRUE(eventually(*client, [](const auto& status) { return status.connections_open == 0; }));
}

TEST(ProviderCancel, ClosesTheConnectionInEveryPhase) {
  struct Phase {
    std::string name;
    std::string answer;
    bool head = false;
    bool ask = false;
  };
  const std::vector<Phase> phases{
      {"before the head", "", false, false},
      {"within the head", "HTTP/1.1 200 OK\r\n", false, false},
      {"before the body is asked for", "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n", true, false},
      {"waiting for the body", "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n", true, true},
  };
  for (const Phase& phase : phases) {
    Mailbox<bool> sent;
    Mailbox<bool> closed;
    UpstreamServer server([&](Peer& peer, int) {
      peer.read_request();
      peer.send(phase.answer);
      sent.put(true);
      closed.put(peer.ended());
    });
    const auto client = client_at(server.url());
    Talk talk(*client, post("{}"));
    ASSERT_TRUE(sent.take());
    if (phase.head) {
      ASSERT_TRUE(talk.head());
    }
    if (phase.ask) talk.ask();
    talk.cancel();
    EXPECT_EQ(closed.take(), true) << phase.name;
    EXPECT_EQ(talk.told(), 0U) << phase.name;
    EXPECT_TRUE(eventually(*client, [](const auto& status) {
      return status.cancelled == 1 && status.calls_active == 0 && status.connections_open == 0;
    })) << phase.name;
    EXPECT_FALSE(status_of(*client).last_error);
  }
}

TEST(ProviderCancel, WhileConnectingOrSendingIsPossible) {
  Mailbox<bool> here;
  Door cancelled;
  UpstreamServer server([&](Peer& peer, int) {
    here.put(true);  // and reads nothing: the client is stuck within its body
    cancelled.wait();
    peer.ended();
  });
  const auto client = client_at(server.url());
  Talk at_once(*client, post("{}"));
  at_once.cancel();
  Talk sending(*client, post(std::string(64U << 20, 'x')));
  ASSERT_TRUE(here.take());
  sending.cancel();
  EXPECT_TRUE(eventually(*client, [](const auto& status) {
    return status.cancelled == 2 && status.connections_open == 0;
  }));
  cancelled.open();
}

TEST(ProviderCancel, IsPossibleWithinACallback) {
  UpstreamServer server([&](Peer& peer, int) {
    peer.read_request();
    peer.send("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n");
    peer.ended();
  });
  const auto client = client_at(server.url());
  std::unique_ptr<core::ProviderExchange> exchange;
  Door held;
  Door gone;
  exchange = client->start(post("{}"), [&](auto head) {
    EXPECT_TRUE(head);
    held.wait();
    exchange.reset();
    gone.open();
  });
  held.open();
  ASSERT_TRUE(gone.wait());
  EXPECT_TRUE(eventually(*client, [](const auto& status) { return status.cancelled == 1; }));
}

TEST(ProviderCancel, WaitsForACallbackThatRuns) {
  UpstreamServer server(tell_number);
  const auto client = client_at(server.url());
  for (int i = 0; i < 20; ++i) {
    Door inside;
    std::atomic<bool> left = false;
    auto exchange = client->start(post("{}"), [&](auto /*head*/) {
      inside.open();
      std::this_thread::yield();
      left = true;
    });
    ASSERT_TRUE(inside.wait());
    exchange.reset();
    EXPECT_TRUE(left);
  }
}

TEST(ProviderCancel, FromManyThreadsAtAnyMomentLeavesNothingBehind) {
  constexpr int kThreads = 4;
  constexpr int kCalls = 100;
  UpstreamServer server([](Peer& peer, int) {
    while (!peer.read_request().empty()) {
      peer.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
      for (int i = 0; i < 5; ++i) peer.send(chunk("piece"));
      peer.send("0\r\n\r\n");
    }
  });
  const auto client = client_at(server.url());
  std::vector<std::thread> threads;
  for (int thread = 0; thread < kThreads; ++thread) {
    threads.emplace_back([&, thread] {
      for (int i = 0; i < kCalls; ++i) {
        Talk talk(*client, post("{}"));
        const int moment = (i + thread) % 5;
        if (moment > 0) {
          EXPECT_TRUE(talk.head());
        }
        if (moment > 1) {
          EXPECT_TRUE(talk.next());
        }
        if (moment == 3) talk.ask();
        if (moment == 4) {
          EXPECT_TRUE(talk.rest());
        }
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_TRUE(eventually(*client, [](const auto& status) {
    return status.calls_active == 0 && status.succeeded + status.cancelled == kThreads * kCalls &&
           status.connections_open == status.connections_idle;
  }));
  EXPECT_TRUE(status_of(*client).failures.empty());
}

TEST(ProviderReload, LetsCallsUnderWayEndAsTheyBegan) {
  Door reloaded;
  UpstreamServer old_home([&](Peer& peer, int) {
    peer.read_request();
    peer.send("HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nold");
    reloaded.wait();
    peer.send("old");
    EXPECT_TRUE(peer.ended());
  });
  UpstreamServer new_home([&](Peer& peer, int) {
    peer.read_request();
    peer.send(ok("new"));
  });
  const auto client = client_at(old_home.url());
  Talk talk(*client, post("{}"));
  ASSERT_TRUE(talk.head());
  ASSERT_TRUE(client->reload(settings_with(provider_at(new_home.url()))));
  EXPECT_EQ(body_of(*client, post("{}")), "new");
  reloaded.open();
  EXPECT_EQ(*talk.rest(), "oldold");
  EXPECT_EQ(status_of(*client).base_url, new_home.url());
  EXPECT_EQ(status_of(*client).calls, 2U) << "totals go on";
  EXPECT_TRUE(eventually(*client, [](const auto& status) { return status.connections_open == 0; }));
}

TEST(ProviderReload, KeepsIdleConnectionsOfAnUnchangedAddress) {
  UpstreamServer server([](Peer& peer, int number) {
    for (;;) {
      const std::string request = peer.read_request();
      if (request.empty()) return;
      const bool changed = request.find("Authorization: Bearer new") != std::string::npos;
      peer.send(ok(std::to_string(number) + (changed ? " new" : "")));
    }
  });
  const auto client = client_at(server.url());
  EXPECT_EQ(body_of(*client, post("{}")), "0");
  ProviderSettings provider = provider_at(server.url() + "/v2");
  provider.key = "new";
  ASSERT_TRUE(client->reload(settings_with(provider)));
  EXPECT_EQ(body_of(*client, post("{}")), "0 new");
}

TEST(ProviderReload, IsAllOrNothing) {
  UpstreamServer server(tell_number);
  const auto client = client_at(server.url());
  Settings settings = settings_with(provider_at("http://127.0.0.1:1"));
  settings.providers["zzz"] = provider_at("ftp://nowhere");
  const auto refused = client->reload(settings);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().field, "providers.zzz.base_url");
  EXPECT_EQ(body_of(*client, post("{}")), "0");
}

TEST(ProviderReload, ForgetsWhoIsNotConfiguredAnyMore) {
  UpstreamServer server(tell_number);
  const auto client = client_at(server.url());
  EXPECT_EQ(body_of(*client, post("{}")), "0");
  ASSERT_TRUE(client->reload({}));
  EXPECT_TRUE(client->status().empty());
  EXPECT_TRUE(body_of(*client, post("{}")).starts_with("provider: "));
}

TEST(ProviderReload, UnderLoadLosesNoCall) {
  UpstreamServer server(tell_number);
  const auto client = client_at(server.url());
  std::atomic<bool> done = false;
  std::thread reloader([&] {
    for (int i = 0; !done; ++i) {
      ProviderSettings provider = provider_at(server.url());
      provider.idle_connections_max = static_cast<std::size_t>(i % 3);
      // Every other one is another address to the client, and the same to the server.
      if (i % 2 == 0) provider.base_url = "http://localhost:" + std::to_string(server.port());
      EXPECT_TRUE(client->reload(settings_with(provider)));
    }
  });
  for (int i = 0; i < 300; ++i) {
    const std::string body = body_of(*client, post("{}"));
    EXPECT_LT(body.size(), 5U) << body;
  }
  done = true;
  reloader.join();
}

}  // namespace
}  // namespace hansard::providers::testing
