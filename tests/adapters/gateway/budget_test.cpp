// Calls are refused when their budget is used up, across restarts.

#include <atomic>
#include <chrono>
#include <string>
#include <thread>
#include <vector>

#include "budget_book.h"
#include "budget_claims.h"
#include "route_rig.h"
#include "samples.h"

namespace hansard::gateway::testing {
namespace {

using events::FailureReason;
using events::ResponseFailed;
using events::ResponseRequested;

BudgetOptions budget(const std::string& by, const std::string& period,
                     std::optional<std::uint64_t> requests,
                     std::optional<std::uint64_t> tokens = {}) {
  BudgetOptions options;
  options.by = by;
  options.period = period;
  options.requests = requests;
  options.tokens = tokens;
  return options;
}

class BudgetTest : public RouteTest {
 protected:
  void allow(std::vector<BudgetOptions> budgets) {
    options_.routes["stub"].budgets = std::move(budgets);
    restart(options_);
  }
  void answer(ScriptedCall& call, std::uint64_t tokens) {
    Json body = parsed(plain_answer());
    body.add("usage",
             Json::Object{
                 {"prompt_tokens", tokens}, {"completion_tokens", 0}, {"total_tokens", tokens}});
    call.head(200);
    call.piece(dump(body));
    call.end();
  }
  std::vector<events::Policy> decisions() {
    std::vector<events::Policy> all;
    for (const ResponseRequested& asked : recorded_of<ResponseRequested>()) {
      all.insert(all.end(), asked.policies.begin(), asked.policies.end());
    }
    return all;
  }

  GatewayOptions options_;
};

TEST_F(BudgetTest, WhoHasUsedItUpIsRefusedAndToldWhichBudgetItIs) {
  allow({budget("key", "day", 2)});
  ask();
  ask();
  const Client& third = ask();
  EXPECT_EQ(provider_.calls.size(), 2U);
  EXPECT_EQ(third.status, 429);
  const Json body = parsed(third.received);
  EXPECT_EQ(*body.find("error")->find("type")->if_string(), "insufficient_quota");
  const std::string& message = *body.find("error")->find("message")->if_string();
  EXPECT_NE(message.find("2 requests a day for each key"), std::string::npos) << message;
  EXPECT_NE(message.find("2023-11-15T00:00:00"), std::string::npos) << message;
  const auto decided = decisions();
  ASSERT_EQ(decided.size(), 3U);
  EXPECT_EQ(decided[0].name, "budget");
  EXPECT_EQ(decided[0].outcome, "allowed");
  EXPECT_EQ(decided[2].outcome, "refused");
  EXPECT_EQ(decided[2].target, "stub/key:00000000-0000-0000-0000-000000000000/2023-11-14");
  ASSERT_EQ(recorded_of<ResponseFailed>().size(), 1U);
  EXPECT_EQ(recorded_of<ResponseFailed>()[0].reason, FailureReason::stopped);
}

TEST_F(BudgetTest, WhatWasUsedIsKnownToTheNextProcess) {
  const std::vector<BudgetOptions> budgets{budget("route", "ever", 3, 100)};
  allow(budgets);
  ask();
  answer(upstream(), 40);
  allow(budgets);
  ask();
  answer(upstream(), 50);
  allow(budgets);
  ask();
  ASSERT_EQ(provider_.calls.size(), 3U);
  answer(upstream(), 5);
  allow(budgets);
  EXPECT_EQ(ask().status, 429) << "three requests";
  allow({budget("route", "ever", 100, 95)});
  EXPECT_EQ(ask().status, 429) << "95 tokens";
  allow({budget("route", "ever", 100, 96)});
  ask();
  EXPECT_EQ(provider_.calls.size(), 4U) << "what was refused used up nothing";
}

TEST_F(BudgetTest, TokensCountWhenTheyAreKnownAndRefuseTheNextCall) {
  allow({budget("key", "month", {}, 100)});
  ask();
  ask();
  answer(*provider_.calls[0], 100);
  EXPECT_EQ(ask().status, 429);
  answer(*provider_.calls[1], 1);
  EXPECT_EQ(provider_.calls.size(), 2U);
}

TEST_F(BudgetTest, EachUserAndEachTagHasItsOwn) {
  allow({budget("user", "day", 1), budget("tag:team", "day", 2)});
  ask({{"Hansard-User", "ada"}, {"Hansard-Tag-Team", "red"}});
  EXPECT_EQ(ask({{"Hansard-User", "ada"}, {"Hansard-Tag-Team", "red"}}).status, 429);
  ask({{"Hansard-User", "bob"}, {"Hansard-Tag-Team", "red"}});
  EXPECT_EQ(provider_.calls.size(), 2U);
  const Client& third = ask({{"Hansard-User", "eve"}, {"Hansard-Tag-Team", "red"}});
  EXPECT_EQ(third.status, 429) << "the team has used it up";
  EXPECT_NE(third.received.find("tag.team:"), std::string::npos) << third.received;
  ask({{"Hansard-User", "eve"}, {"Hansard-Tag-Team", "blue"}});
  EXPECT_EQ(provider_.calls.size(), 3U);
  ask();
  EXPECT_EQ(ask().status, 429) << "those who do not say share one";
}

TEST_F(BudgetTest, WhatAnotherPolicyKeepsHereUsesNothingUp) {
  options_.routes["stub"].rate_limit = RateLimitOptions{};
  options_.routes["stub"].rate_limit->requests = 1;
  const std::vector<BudgetOptions> budgets{budget("route", "ever", 2)};
  allow(budgets);
  ask();
  EXPECT_EQ(ask().status, 429);
  EXPECT_EQ(ask().status, 429);
  EXPECT_EQ(decisions().back().name, "rate_limit");
  allow(budgets);  // and a full bucket
  ask();
  EXPECT_EQ(provider_.calls.size(), 2U);
  options_.routes["stub"].rate_limit.reset();
  allow(budgets);
  EXPECT_EQ(ask().status, 429);
  EXPECT_EQ(decisions().back().name, "budget");
}

TEST_F(BudgetTest, AnAnswerFromTheCacheIsARequestAndCostsNoTokens) {
  options_.routes["stub"].cache = CacheOptions{};
  const std::vector<BudgetOptions> budgets{budget("route", "ever", 3, 100)};
  allow(budgets);
  const Json body = parsed(plain_request());
  send(kChat, body);
  answer(upstream(), 60);
  EXPECT_TRUE(send(kChat, body).over);
  ask();
  EXPECT_EQ(provider_.calls.size(), 2U) << "60 of 100 tokens";
  EXPECT_EQ(ask().status, 429) << "three requests";
  allow(budgets);
  EXPECT_EQ(ask().status, 429);
}

TEST_F(BudgetTest, ACallThatFailsHasBeenMade) {
  allow({budget("route", "day", 1)});
  ask();
  upstream().refuse(core::Errc::unavailable, "connect");
  EXPECT_EQ(ask().status, 429);
}

TEST_F(BudgetTest, WhereUseCannotBeReadNothingGoesOut) {
  allow({budget("route", "day", 5)});
  view_status_ = core::Error{core::Errc::unavailable, "it is being built"};
  const Client& client = ask();
  ASSERT_TRUE(client.error);
  EXPECT_EQ(client.error->code, core::Errc::unavailable);
  EXPECT_EQ(provider_.calls.size(), 0U);
  view_status_ = core::Ok{};
  ask();
  EXPECT_EQ(provider_.calls.size(), 1U);
}

TEST_F(BudgetTest, WhoLeavesBeforeItsCallGoesOutHasUsedNothingUp) {
  allow({budget("route", "day", 1)});
  holds_posts_ = true;
  Client& leaves = ask();
  leaves.leave();
  holds_posts_ = false;
  run_posted();
  EXPECT_EQ(provider_.calls.size(), 0U);
  ask();
  EXPECT_EQ(provider_.calls.size(), 1U);
}

// Names and periods.

TEST(BudgetClaimsTest, PeriodsAreOfUtcAndSayWhenTheyEnd) {
  const core::KeyedHash hash(support::hasher(), core::Hash{1});
  const auto claim = [&](const char* period, const char* at) {
    return claims_of({budget("route", period, 1)}, "r", {}, core::parse_time(at).value(), hash)[0];
  };
  struct Row {
    const char* period;
    const char* at;
    const char* name;
    const char* ends;
  };
  for (const Row& row :
       {Row{"day", "2024-02-28T23:59:59Z", "r/route/2024-02-28", "2024-02-29"},
        Row{"day", "2024-02-29T00:30:00+01:00", "r/route/2024-02-28", "2024-02-29"},
        Row{"day", "2024-12-31T12:00:00Z", "r/route/2024-12-31", "2025-01-01"},
        Row{"month", "2024-12-31T12:00:00Z", "r/route/2024-12", "2025-01-01"},
        Row{"month", "2024-01-31T12:00:00Z", "r/route/2024-01", "2024-02-01"}}) {
    const BudgetClaim made = claim(row.period, row.at);
    EXPECT_EQ(made.name, row.name);
    ASSERT_TRUE(made.ends);
    EXPECT_EQ(core::format_time(*made.ends).substr(0, 10), row.ends);
  }
  EXPECT_EQ(claim("ever", "2024-12-31T12:00:00Z").name, "r/route/ever");
  EXPECT_FALSE(claim("ever", "2024-12-31T12:00:00Z").ends);
}

TEST(BudgetBookTest, NeverMoreRequestsThanAllowedWhateverTheThreads) {
  BudgetBook book;
  BudgetClaim claim;
  claim.name = "b";
  claim.requests = 100;
  const std::vector<BudgetClaim> claims{claim, claim};
  std::atomic<int> admitted{0};
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i < 500; ++i) {
        auto verdict = book.admit("p", claims);
        if (!verdict.unknown.empty()) {
          book.learn("p", "b", {40, 0});
          verdict = book.admit("p", claims);
        }
        if (verdict.broken) continue;
        ++admitted;
        book.spent("p", claims, 3);
        book.over("p", claims);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(admitted, 60);
  EXPECT_EQ(book.use("p", "b")->requests, 100U);
  EXPECT_EQ(book.use("p", "b")->tokens, 180U) << "two budgets of one use count once";
}

TEST(BudgetBookTest, KeepsNoMoreThanItMayAndNoneThatIsInUseGoes) {
  BudgetBook book;
  BudgetClaim first;
  first.name = "first";
  book.learn("p", "first", {});
  const std::vector<BudgetClaim> claims{first};
  ASSERT_FALSE(book.admit("p", claims).broken);
  for (std::size_t i = 0; i < kBudgetsMax + 10; ++i) book.learn("p", std::to_string(i), {});
  EXPECT_EQ(book.at_hand(), kBudgetsMax);
  EXPECT_EQ(book.use("p", "first")->requests, 1U);
  EXPECT_FALSE(book.use("p", "0"));
  book.over("p", claims);
  book.learn("p", "another", {});
  EXPECT_FALSE(book.use("p", "first"));
}

}  // namespace
}  // namespace hansard::gateway::testing
