#include "projections/gateway_calls.h"

#include "recorder.h"

namespace hansard::projections::test {
namespace {

using events::ServedFrom;

class GatewayCallsTest : public ::testing::Test {
 protected:
  void ask(const std::string& call, std::vector<std::string> budgets = {},
           const std::string& hash = "h", std::uint32_t attempt = 1,
           std::optional<std::string> provider = "p1") {
    events::ResponseRequested request;
    request.call_id = call;
    request.attempt = attempt;
    request.provider = std::move(provider);
    request.request_hash = hash;
    for (std::string& name : budgets) request.policies.push_back({"budget", "allowed", name});
    recorder.add("session-s1", request);
  }
  void answer(const std::string& call, std::uint64_t tokens_used = 0,
              std::optional<ServedFrom> from = {}, std::optional<std::uint32_t> attempt = {}) {
    events::ResponseReceived event = response("m-" + call, "text", "m", tokens(tokens_used, 0));
    event.call_id = call;
    event.served_from = from;
    event.attempt = attempt;
    recorder.answer("s1", event);
  }
  void fail(const std::string& call, std::uint64_t tokens_used = 0) {
    events::ResponseFailed event;
    event.call_id = call;
    if (tokens_used != 0) event.usage = tokens(tokens_used, 0);
    recorder.add("session-s1", event);
  }
  BudgetUse used(const std::string& name) {
    const Built built(recorder.log(), GatewayCalls{});
    return budget_use(built.model(), recorder.project(), name).value();
  }
  /// The call whose answer is found, with its attempt where that is not the first.
  std::string found(std::size_t index, const std::string& hash = "h") {
    const Built built(recorder.log(), GatewayCalls{});
    const auto place = find_answer(built.model(), recorder.project(), hash, index).value();
    if (!place) return "";
    EXPECT_EQ(place->stream, "session-s1");
    return place->call_id + (place->attempt == 1 ? "" : "#" + std::to_string(place->attempt));
  }

  Recorder recorder;
};

TEST_F(GatewayCallsTest, AnswersToOneRequestAreFoundInTheirOrderAndThenTheLast) {
  EXPECT_EQ(found(0), "");
  for (const char* call : {"a", "b", "c"}) ask(call);
  answer("b");
  answer("a");
  fail("c");
  EXPECT_EQ(found(0), "b");
  EXPECT_EQ(found(1), "a");
  EXPECT_EQ(found(2), "a");
  EXPECT_EQ(found(100), "a");
  EXPECT_EQ(found(0, "other"), "");
}

TEST_F(GatewayCallsTest, WhatWasKeptIsNoAnswerOfItsOwn) {
  ask("a");
  answer("a", 0, ServedFrom::provider);
  ask("b");
  answer("b", 0, ServedFrom::cache);
  ask("c");
  answer("c", 0, ServedFrom::playback);
  EXPECT_EQ(found(5), "a");
}

TEST_F(GatewayCallsTest, AProjectDoesNotSeeAnothersAnswers) {
  ask("a", {"b"});
  answer("a", 5);
  recorder.in_project("other");
  EXPECT_EQ(found(0), "");
  EXPECT_EQ(used("b"), BudgetUse{});
}

TEST_F(GatewayCallsTest, TheAttemptThatAnsweredIsFound) {
  ask("a");
  fail("a");
  ask("a", {}, "h", 2);
  answer("a", 0, {}, 2);
  EXPECT_EQ(found(0), "a#2");
}

TEST_F(GatewayCallsTest, ACallUsesUpItsBudgetsOnceWhateverItsAttempts) {
  ask("a", {"day", "month"});
  fail("a", 10);
  ask("a", {}, "h", 2);  // ours, after a failure
  answer("a", 7);
  EXPECT_EQ(used("day"), (BudgetUse{1, 17}));
  EXPECT_EQ(used("month"), (BudgetUse{1, 17}));
  ask("b", {"month"});
  EXPECT_EQ(used("month"), (BudgetUse{2, 17}));
  EXPECT_EQ(used("day"), (BudgetUse{1, 17}));
}

TEST_F(GatewayCallsTest, AClientThatAsksAgainUsesUpAgain) {
  ask("a", {"day"});
  fail("a");
  ask("a", {"day"}, "h", 2);
  answer("a", 3);
  EXPECT_EQ(used("day"), (BudgetUse{2, 3}));
}

TEST_F(GatewayCallsTest, WhatWentNowhereOrCameFromACacheSpendsNoTokens) {
  ask("a", {"day"}, "h", 1, std::nullopt);
  fail("a");
  EXPECT_EQ(used("day"), BudgetUse{});
  ask("b", {"day"});
  answer("b", 100, ServedFrom::cache);
  EXPECT_EQ(used("day"), (BudgetUse{1, 0}));
}

TEST_F(GatewayCallsTest, BudgetsInMoneyKeepWhatEachCallIsPricedBy) {
  const std::string money = "route/month" + std::string(kMoneyBudget);
  recorder.occurring(recorder.now());
  ask("a", {"route/month", money});
  ask("b", {money});
  ask("c", {money});
  ask("d", {money});
  answer("a", 7);
  auto told = response("m-b", "text", {}, {});
  told.call_id = "b";
  recorder.occurring({});
  recorder.answer("s1", told);
  fail("c");
  answer("d", 9, ServedFrom::cache);
  const Built built(recorder.log(), GatewayCalls{});
  std::vector<ChargedCall> calls;
  ASSERT_TRUE(charged_calls(built.model(), recorder.project(), money, [&](const ChargedCall& each) {
    calls.push_back(each);
    return true;
  }));
  ASSERT_EQ(calls.size(), 2U) << "what failed and said nothing, or was kept, costs nothing";
  EXPECT_EQ(calls[0].provider, "p1");
  EXPECT_EQ(calls[0].model, "m");
  EXPECT_EQ(calls[0].usage, tokens(7, 0));
  EXPECT_TRUE(calls[0].occurred_at);
  EXPECT_EQ(calls[0].position, core::Position{4});
  EXPECT_FALSE(calls[1].usage) << "nobody knows, which is not nothing";
  EXPECT_FALSE(calls[1].occurred_at);
  std::size_t others = 0;
  ASSERT_TRUE(charged_calls(built.model(), recorder.project(), "route/month",
                            [&](const ChargedCall&) { return ++others > 0; }));
  EXPECT_EQ(others, 0U) << "budgets in requests and tokens need no calls";
  EXPECT_EQ(used("route/month").tokens, 7U);
}

}  // namespace
}  // namespace hansard::projections::test
