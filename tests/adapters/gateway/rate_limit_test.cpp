// Calls pass as fast as their route allows.

#include <atomic>
#include <chrono>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "rate_limiter.h"
#include "route_rig.h"
#include "samples.h"
#include "token_bucket.h"

namespace hansard::gateway::testing {
namespace {

using events::FailureReason;
using events::ResponseFailed;
using events::ResponseRequested;
using namespace std::chrono_literals;

TEST(TokenBucketTest, IsFullAtTheStartAndFillsEvenly) {
  const TokenBucket::Time start{1h};
  TokenBucket bucket(3, 60s, start);
  struct Row {
    std::chrono::milliseconds at;
    bool passes;
    std::chrono::milliseconds wait;
  };
  for (const Row& row : std::vector<Row>{{0ms, true, 0ms},
                                         {0ms, true, 0ms},
                                         {0ms, true, 0ms},
                                         {0ms, false, 20'000ms},
                                         {5'000ms, false, 15'000ms},
                                         {19'999ms, false, 1ms},
                                         {20'000ms, true, 0ms},
                                         {20'000ms, false, 20'000ms},
                                         {1'000'000ms, true, 0ms},
                                         {1'000'000ms, true, 0ms},
                                         {1'000'000ms, true, 0ms},
                                         {1'000'000ms, false, 20'000ms}}) {
    const auto now = start + row.at;
    EXPECT_EQ(bucket.until(1, now), row.wait) << row.at.count();
    EXPECT_EQ(bucket.until(1, now) == 0us, row.passes) << row.at.count();
    if (row.passes) bucket.take(1, now);
  }
}

TEST(TokenBucketTest, WhatIsOverdrawnMustFlowInFirst) {
  const TokenBucket::Time start{1h};
  TokenBucket bucket(100, 10s, start);
  bucket.take(250, start);
  EXPECT_EQ(bucket.until(1, start), 15'100ms);
  EXPECT_EQ(bucket.until(1, start + 15'000ms), 100ms);
  EXPECT_EQ(bucket.until(1, start + 15'100ms), 0ms);
}

class RateLimitTest : public RouteTest {
 protected:
  void limit(RateLimitOptions limit) {
    GatewayOptions options;
    options.routes["stub"].rate_limit = limit;
    restart(options);
  }
  void answer(ScriptedCall& call, std::uint64_t tokens = 0) {
    Json body = parsed(plain_answer());
    body.add("usage",
             Json::Object{
                 {"prompt_tokens", tokens}, {"completion_tokens", 0}, {"total_tokens", tokens}});
    call.head(200);
    call.piece(dump(body));
    call.end();
  }
  static std::string field(const Client& client, const std::string& name) {
    for (const core::HttpField& each : client.fields) {
      if (each.name == name) return each.value;
    }
    return "";
  }
  std::vector<events::Policy> decisions() {
    std::vector<events::Policy> all;
    for (const ResponseRequested& asked : recorded_of<ResponseRequested>()) {
      all.insert(all.end(), asked.policies.begin(), asked.policies.end());
    }
    return all;
  }
};

TEST_F(RateLimitTest, WhoAsksTooOftenIsRefusedAsTheProviderWould) {
  limit({.requests = 2, .tokens = {}, .per = 60s});
  ask();
  ask();
  const Client& third = ask();
  EXPECT_EQ(provider_.calls.size(), 2U);
  EXPECT_EQ(third.status, 429);
  EXPECT_EQ(field(third, "Retry-After"), "30");
  const Json body = parsed(third.received);
  ASSERT_NE(body.find("error"), nullptr);
  EXPECT_EQ(*body.find("error")->find("type")->if_string(), "rate_limit_exceeded");
  const auto failures = recorded_of<ResponseFailed>();
  ASSERT_EQ(failures.size(), 1U);
  EXPECT_EQ(failures[0].reason, FailureReason::stopped);
  EXPECT_EQ(failures[0].status, 429U);
  EXPECT_FALSE(failures[0].provider) << "it went nowhere";
  const auto decided = decisions();
  ASSERT_EQ(decided.size(), 3U);
  EXPECT_EQ(decided[0].name, "rate_limit");
  EXPECT_EQ(decided[0].outcome, "passed");
  EXPECT_FALSE(decided[0].wait_us);
  EXPECT_EQ(decided[2].outcome, "refused");
  EXPECT_EQ(decided[2].target, "key:00000000-0000-0000-0000-000000000000");
  wait(30s);
  ask();
  EXPECT_EQ(provider_.calls.size(), 3U);
}

TEST_F(RateLimitTest, EachApiIsRefusedInItsOwnWords) {
  limit({.requests = 1, .tokens = {}});
  ask();
  const Client& anthropic = send(kMessages, message_stream().request);
  EXPECT_EQ(anthropic.status, 429);
  EXPECT_EQ(*parsed(anthropic.received).find("type")->if_string(), "error");
  const Client& ollama = send(kOllama, ollama_stream().request);
  EXPECT_EQ(ollama.status, 429);
  EXPECT_TRUE(parsed(ollama.received).find("error")->is_string());
  const Client& unknown = send("/v1/unknown", std::string("{}"));
  EXPECT_EQ(unknown.status, 429);
  EXPECT_EQ(provider_.calls.size(), 1U) << "streams and unknown calls count, too";
}

TEST_F(RateLimitTest, WhoWaitsGoesInOrderWhenItsTurnHasCome) {
  limit({.requests = 2, .tokens = {}, .per = 20s, .waits = true, .wait_max = 60s});
  ask();
  ask();
  Client& third = ask();
  Client& fourth = ask();
  EXPECT_EQ(provider_.calls.size(), 2U);
  EXPECT_EQ(gateway().policies().limit_waiting, 2U);
  wait(9'999ms);
  EXPECT_EQ(provider_.calls.size(), 2U);
  wait(1ms);
  ASSERT_EQ(provider_.calls.size(), 3U);
  EXPECT_NE(upstream().sent.body.find("\"3\""), std::string::npos);
  wait(10s);
  ASSERT_EQ(provider_.calls.size(), 4U);
  answer(*provider_.calls[2]);
  answer(*provider_.calls[3]);
  EXPECT_TRUE(third.over);
  EXPECT_TRUE(fourth.over);
  const auto decided = decisions();
  ASSERT_EQ(decided.size(), 4U);
  EXPECT_EQ(decided[2].outcome, "waited");
  EXPECT_EQ(decided[2].wait_us, 10'000'000U);
  EXPECT_EQ(decided[3].wait_us, 20'000'000U);
  EXPECT_EQ(timers(), 0U);
}

TEST_F(RateLimitTest, WhoWouldWaitTooLongIsRefusedAtOnce) {
  limit({.requests = 1, .tokens = {}, .per = 10s, .waits = true, .wait_max = 15s});
  ask();
  Client& waits = ask();
  const Client& refused = ask();
  EXPECT_EQ(refused.status, 429);
  EXPECT_EQ(field(refused, "Retry-After"), "20");
  EXPECT_FALSE(waits.has_answer());
  wait(10s);
  EXPECT_EQ(provider_.calls.size(), 2U);
}

TEST_F(RateLimitTest, WhoLeavesGivesItsPlaceToTheNext) {
  limit({.requests = 1, .tokens = {}, .per = 10s, .waits = true, .wait_max = 60s});
  ask();
  Client& leaves = ask();
  ask();
  leaves.leave();
  EXPECT_EQ(gateway().policies().limit_waiting, 1U);
  wait(10s);
  ASSERT_EQ(provider_.calls.size(), 2U);
  EXPECT_NE(upstream().sent.body.find("\"3\""), std::string::npos);
  EXPECT_EQ(recorded_of<ResponseRequested>().size(), 2U) << "nobody was asked";
}

TEST_F(RateLimitTest, WaitingEndsWhenTokensWereSpentMeanwhile) {
  limit({.requests = {}, .tokens = 100, .per = 10s, .waits = true, .wait_max = 15s});
  ask();
  ask();
  answer(*provider_.calls[0], 150);
  Client& waits = ask();
  EXPECT_FALSE(waits.has_answer()) << "about five seconds";
  answer(*provider_.calls[1], 1'000);
  wait(14'999ms);
  EXPECT_FALSE(waits.has_answer());
  wait(1ms);
  EXPECT_EQ(waits.status, 429);
  EXPECT_EQ(provider_.calls.size(), 2U);
  EXPECT_EQ(decisions().back().outcome, "refused");
  EXPECT_EQ(decisions().back().wait_us, 15'000'000U);
}

TEST_F(RateLimitTest, TokensAreTakenWhenTheAnswerSaysWhatItCost) {
  limit({.requests = {}, .tokens = 100, .per = 100s});
  ask();
  ask();
  EXPECT_EQ(provider_.calls.size(), 2U) << "nobody knows yet";
  answer(*provider_.calls[0], 80);
  ask();
  EXPECT_EQ(provider_.calls.size(), 3U);
  answer(*provider_.calls[1], 60);
  EXPECT_EQ(ask().status, 429) << "overdrawn by 40";
  wait(40s);
  EXPECT_EQ(ask().status, 429);
  wait(1s);
  ask();
  EXPECT_EQ(provider_.calls.size(), 4U);
}

TEST_F(RateLimitTest, EachUserHasABucket) {
  limit({.by = "user", .requests = 1, .tokens = {}});
  ask({{"Hansard-User", "ada"}});
  ask({{"Hansard-User", "bob"}});
  ask();
  EXPECT_EQ(provider_.calls.size(), 3U);
  EXPECT_EQ(ask({{"Hansard-User", "ada"}}).status, 429);
  EXPECT_EQ(ask().status, 429) << "those who do not say share one";
  EXPECT_EQ(raw_log().find("\"target\":\"user:ada"), std::string::npos)
      << "facts are kept for ever";
}

TEST_F(RateLimitTest, ARouteHasOneBucketWhereItSaysSo) {
  limit({.by = "route", .requests = 1, .tokens = {}});
  ask({{"Hansard-User", "ada"}});
  EXPECT_EQ(ask({{"Hansard-User", "bob"}}).status, 429);
}

TEST_F(RateLimitTest, NoMoreWaitThanTheQueueHolds) {
  limit({.requests = 1, .tokens = {}, .per = 1ms, .waits = true, .wait_max = 60s});
  ask();
  for (std::size_t i = 0; i < kWaitingMax; ++i) ask();
  EXPECT_EQ(gateway().policies().limit_waiting, kWaitingMax);
  const Client& refused = ask();
  EXPECT_EQ(refused.status, 429);
  EXPECT_NE(refused.received.find("too many"), std::string::npos);
  wait(2s);
  EXPECT_EQ(provider_.calls.size(), 1 + kWaitingMax);
  EXPECT_EQ(gateway().policies().limit_waiting, 0U);
}

/// Everything on its own threads, on a clock that stands still.
TEST(RateLimiterTest, NeverMorePassThanAllowedWhateverTheThreads) {
  constexpr int kThreads = 4;
  constexpr int kEach = 500;
  const TokenBucket::Time now{1h};
  const RateLimitOptions options{.requests = 100, .tokens = {}, .per = 60s};
  std::atomic<int> passed{0};
  const auto limiter = std::make_shared<RateLimiter>([now] { return now; }, RateLimiter::After());
  std::vector<std::thread> threads;
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i < kEach; ++i) {
        const auto place = limiter->ask("b", options, [&](const RateLimiter::Verdict& verdict) {
          if (verdict.passes) ++passed;
        });
        EXPECT_EQ(place, nullptr) << "nobody waits";
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(passed, 100);
}

}  // namespace
}  // namespace hansard::gateway::testing
