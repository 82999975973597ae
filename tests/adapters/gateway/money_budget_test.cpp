// Budgets in money: what was spent follows from the calls on record and the prices on record.
#include <string>
#include <vector>

#include "events/pricing/dollars.h"
#include "gateway/policy_counts.h"
#include "route_rig.h"
#include "samples.h"
#include "support/log.h"

namespace hansard::gateway::testing {
namespace {

using events::ResponseRequested;

/// A dollar per million tokens read, two written; half of that in flex.
constexpr std::string_view kPrices =
    R"({"book":"b","version":"1","provenance":"a test","part":1,"parts":1,"entries":[)"
    R"({"provider":"stub","model":"gpt-x","prices":{"standard":{"input_text":1000000,)"
    R"("output_text":2000000},"flex":{"input_text":500000,"output_text":1000000}}}]})";

class MoneyBudget : public RouteTest {
 protected:
  void publish(std::string_view facts) {
    core::NewEvent event;
    event.type = "PricesPublished";
    event.id = support::event_id("prices " + std::to_string(++published_));
    event.facts = facts;
    event.content = "{}";
    event.salt = support::salt("prices");
    core::seal(event, support::hasher());
    auto request = support::request({std::move(event)});
    request.project = support::project("_log");
    const auto receipt = support::append(log_, std::move(request));
    ASSERT_TRUE(receipt) << receipt.error().message;
  }
  void allow(const char* usd, bool unpriced = false, const std::string& period = "ever") {
    BudgetOptions budget;
    budget.by = "route";
    budget.period = period;
    budget.pico_usd = events::pricing::pico_from_dollars(usd);
    budget.allows_unpriced = unpriced;
    route_.budgets = {budget};
    use();
  }
  void answered(std::uint64_t input, std::uint64_t output, const char* tier = nullptr) {
    events::Json body = events::parse_json(plain_answer()).value();
    body.add("usage", events::Json::Object{{"prompt_tokens", input},
                                           {"completion_tokens", output},
                                           {"total_tokens", input + output}});
    if (tier != nullptr) body.add("service_tier", tier);
    answer(200, dump(body));
  }
  std::string last_decision() {
    const auto asked = recorded_of<ResponseRequested>();
    if (asked.empty() || asked.back().policies.empty()) return {};
    return asked.back().policies.back().outcome;
  }

  int published_ = 0;
};

TEST_F(MoneyBudget, RefusesWhenItIsSpentAndSaysHowMuchItWas) {
  publish(kPrices);
  allow("0.0042");
  ask();
  answered(1'000, 1'000);  // 0.003
  ask();
  answered(1'000, 99);  // 0.001198: in all 0.004198
  ask();
  ASSERT_EQ(attempts(), 3U) << "two millionths were left";
  answered(2, 0);
  const Client& refused = ask();
  EXPECT_EQ(attempts(), 3U);
  EXPECT_EQ(refused.status, 429);
  EXPECT_NE(refused.received.find("0.0042 dollars in all for the route"), std::string::npos)
      << refused.received;
}

TEST_F(MoneyBudget, IsExactOverRestartsAndOverLaterPrices) {
  publish(kPrices);
  allow("1");
  ask();
  answered(1'000, 1'000);  // 0.003
  ask();
  answered(1'000, 1'000, "flex");  // 0.0015
  // What comes now is dearer, and does not change what was spent.
  publish(R"({"book":"b","version":"2","provenance":"a test","part":1,"parts":1,"entries":[)"
          R"({"provider":"stub","model":"gpt-x","prices":{"standard":{"input_text":9000000,)"
          R"("output_text":9000000}}}]})");
  allow("0.0045");
  EXPECT_EQ(ask().status, 429) << "exactly that was spent";
  allow("0.004500000001");
  ask();
  ASSERT_EQ(attempts(), 3U);
  answered(1, 0);  // 0.000009
  allow("0.004509");
  EXPECT_EQ(ask().status, 429);
  allow("0.004509000001");
  ask();
  EXPECT_EQ(attempts(), 4U);
}

TEST_F(MoneyBudget, ModelsWithoutAPriceAreRefusedAndTheDecisionIsOnRecord) {
  allow("1");
  const Client& refused = ask();
  EXPECT_EQ(attempts(), 0U);
  EXPECT_EQ(refused.status, 403);
  EXPECT_NE(refused.received.find("has no price"), std::string::npos) << refused.received;
  EXPECT_EQ(last_decision(), "unpriced");
  EXPECT_EQ(gateway().policies().budget_unpriced_refused, 1U);
  publish(kPrices);
  ask();
  EXPECT_EQ(attempts(), 1U);
}

TEST_F(MoneyBudget, OrAreLetThroughAndCounted) {
  allow("0.001", true);
  ask();
  answered(1'000'000, 0);
  ask();
  EXPECT_EQ(attempts(), 2U) << "nobody knows what it cost";
  EXPECT_EQ(gateway().policies().budget_unpriced, 1U);
  EXPECT_EQ(gateway().policies().budget_unpriced_refused, 0U);
}

TEST_F(MoneyBudget, AnswersFromTheCacheCostNothingAndSaveWhatTheyWouldHaveCost) {
  publish(kPrices);
  route_.cache.emplace();
  allow("0.0031");
  const auto same = [&]() -> Client& {
    return send(kChat, R"({"model":"gpt-x","messages":[{"role":"user","content":"same"}]})");
  };
  same();
  answered(1'000, 1'000);
  same();
  same();
  EXPECT_EQ(attempts(), 1U);
  EXPECT_EQ(gateway().policies().cache_hits, 2U);
  EXPECT_EQ(gateway().policies().cache_saved_pico_usd, 2 * 3'000'000'000);
  EXPECT_EQ(gateway().policies().cache_saved_unpriced, 0U);
  ask();
  EXPECT_EQ(attempts(), 2U) << "there is money left";
}

}  // namespace
}  // namespace hansard::gateway::testing
