#include "dial.h"

#include <gtest/gtest.h>

#include "listeners.h"
#include "mailbox.h"
#include "upstream_server.h"

namespace hansard::providers::testing {
namespace {

using namespace std::chrono_literals;

struct Outcome {
  bool connected = false;
  std::string why;
  std::chrono::steady_clock::duration took{};
};

Outcome dial(const std::vector<std::string>& addresses, std::uint16_t port) {
  Loop loop;
  Mailbox<Outcome> outcomes;
  std::unique_ptr<Dial> dialling;
  const auto began = std::chrono::steady_clock::now();
  loop.post([&] {
    dialling = std::make_unique<Dial>(loop);
    dialling->start(addresses, port, [&](std::unique_ptr<Socket> socket, const std::string& why) {
      outcomes.put({socket != nullptr, why, std::chrono::steady_clock::now() - began});
      dialling.reset();
    });
  });
  const auto outcome = outcomes.take();
  loop.stop([&] { dialling.reset(); });
  EXPECT_TRUE(outcome);
  return outcome.value_or(Outcome{});
}

TEST(Dial, PassesOverAnAddressThatSwallowsEverything) {
  UpstreamServer server([](Peer& peer, int) { peer.ended(); });
  const FullListener swallows(2, server.port());
  const Outcome outcome = dial({"127.0.0.2", "127.0.0.1"}, server.port());
  EXPECT_TRUE(outcome.connected) << outcome.why;
  EXPECT_GE(outcome.took, Dial::kStagger);
}

TEST(Dial, GoesOnAtOnceFromAnAddressThatRefuses) {
  UpstreamServer server([](Peer& peer, int) { peer.ended(); });
  const BoundPort refuses(2, server.port());
  const Outcome outcome = dial({"127.0.0.2", "127.0.0.2", "127.0.0.1"}, server.port());
  EXPECT_TRUE(outcome.connected) << outcome.why;
}

TEST(Dial, TakesTheFirstAddressWhenItAnswers) {
  Mailbox<bool> ended;
  UpstreamServer server([&](Peer& peer, int) { ended.put(peer.ended()); });
  EXPECT_TRUE(dial({"127.0.0.1", "127.0.0.1"}, server.port()).connected);
  EXPECT_EQ(ended.take(), true);
  EXPECT_EQ(server.accepted(), 1);
}

TEST(Dial, TellsWhyTheFirstOneFailedWhenAllDo) {
  const BoundPort refuses;
  const Outcome outcome = dial({"127.0.0.1", "not an address"}, refuses.port());
  EXPECT_FALSE(outcome.connected);
  EXPECT_NE(outcome.why.find("refused"), std::string::npos) << outcome.why;
}

TEST(Dial, TellsNobodyOnceItIsGone) {
  const FullListener swallows;
  Loop loop;
  Door gone;
  loop.post([&] {
    auto dialling = std::make_unique<Dial>(loop);
    dialling->start({"127.0.0.1", "127.0.0.1"}, swallows.port(),
                    [](std::unique_ptr<Socket>, const std::string&) { FAIL(); });
    dialling.reset();
    gone.open();
  });
  EXPECT_TRUE(gone.wait());
  loop.stop([] {});
}

}  // namespace
}  // namespace hansard::providers::testing
