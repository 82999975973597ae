// From what people send to a plan that says everything.
#include <gtest/gtest.h>

#include <numeric>

#include "events/experiment/plan_rules.h"
#include "events/experiment/state.h"
#include "events/session/ids.h"
#include "support/events.h"

namespace hansard::events {
namespace {

const core::KeyedHash& plan_hash() {
  static const core::KeyedHash instance(support::hasher(), support::salt("store key"));
  return instance;
}

core::Result<AskedPlan> plan_of(std::string_view text) {
  auto body = parse_json(text);
  if (!body) return std::move(body.error());
  return read_plan(*std::move(body), {}, plan_hash());
}
/// Two variants and a metric, and `more` members.
core::Result<AskedPlan> plan_with(std::string_view more) {
  return plan_of(
      R"({"name":"e","metric":"thumbs","variants":[{"name":"a"},{"name":"b","model":"m"}])" +
      std::string(more) + "}");
}
core::Result<AskedPlan> plan_of_variants(std::string_view variants) {
  return plan_of(R"({"name":"e","metric":"thumbs","variants":)" + std::string(variants) + "}");
}

TEST(ExperimentPlan, EveryDefaultIsFilledIn) {
  const auto asked = plan_with("");
  ASSERT_TRUE(asked) << asked.error().message;
  EXPECT_EQ(asked->name, "e");
  EXPECT_FALSE(asked->start);
  const auto encoded = experiment_codec().encode(asked->plan);
  EXPECT_EQ(
      encoded.facts,
      R"({"unit":"user","variants":[{"name":"a","share":5000},{"name":"b","share":5000,"model":"m"}],)"
      R"("seed":"e","coverage":10000,)"
      R"("metric":{"name":"thumbs","source":"score","goal":"increase","aggregate":"mean","missing":"left_out"},)"
      R"("guardrails":[{"name":"errors","source":"call","goal":"decrease","aggregate":"ratio","missing":"left_out","margin":0}],)"
      R"("minimum_sample":200,"alpha":0.05,"automatic":true})");
  EXPECT_EQ(encoded.content, "{}");
}

TEST(ExperimentPlan, WeightsAndPromptsAreReadAsPeopleWriteThem) {
  const auto asked = plan_of(R"({"name":"e","start":true,"metric":{"name":"latency_us"},
      "variants":[{"name":"a","prompt":"greet@1","weight":0.3},
                  {"name":"b","prompt":{"name":"greet","version":"2.0"},"weight":0.7}],
      "guardrails":["cost_usd",{"name":"errors","margin":0.02}],"secondary":["thumbs"],
      "coverage":0.5,"unit":"session","seed":"s","minimum_sample":50,"alpha":0.1,"horizon":1000,
      "moves_label":"production","automatic":false,"hypothesis":"h",
      "eligibility":{"agents":["desk"],"tags":{"plan":"free"}}})");
  ASSERT_TRUE(asked) << asked.error().message;
  const ExperimentCreated& plan = asked->plan;
  EXPECT_TRUE(asked->start);
  EXPECT_EQ(plan.variants[0].share, 3000U);
  EXPECT_EQ(plan.variants[0].prompt->version->text, "1");
  EXPECT_EQ(plan.variants[1].prompt->version->text, "2.0");
  EXPECT_EQ(plan.metric.source, MetricSource::call);
  EXPECT_EQ(plan.metric.goal, Goal::decrease);
  EXPECT_EQ(plan.metric.aggregate, Aggregate::ratio);
  EXPECT_EQ(plan.guardrails[0].aggregate, Aggregate::sum);
  EXPECT_EQ(plan.guardrails[1].margin, 0.02);
  EXPECT_EQ(plan.coverage, 5000U);
  EXPECT_FALSE(plan.automatic);
  const StringMap tags{{"plan", "free"}};
  EXPECT_EQ(plan.tags, tags);
  ASSERT_EQ(plan.eligibility->tag_hashes.size(), 1U);
  EXPECT_EQ(plan.eligibility->tag_hashes[0].second, tag_hash({}, "plan", "free", plan_hash()));
}

TEST(ExperimentPlan, EqualSharesAddUp) {
  for (std::size_t variants = 2; variants <= kVariantsMax; ++variants) {
    const auto shares = equal_shares(variants);
    EXPECT_EQ(std::accumulate(shares.begin(), shares.end(), 0U), kSharesWhole);
    EXPECT_LE(shares.front() - shares.back(), 1U);
  }
}

struct BadPlan {
  const char* more;   ///< members
  const char* field;  ///< to blame
  const char* says;
};

TEST(ExperimentPlan, BadFieldsAreNamedWithTheReason) {
  const BadPlan kBad[] = {
      {R"(,"alpha":0)", "alpha", "above 0"},
      {R"(,"alpha":0.5)", "alpha", "below 0.5"},
      {R"(,"alpha":1e999)", "alpha", ""},
      {R"(,"alpha":"NaN")", "alpha", ""},
      {R"(,"minimum_sample":19)", "minimum_sample", "at least 20"},
      {R"(,"minimum_sample":-1)", "minimum_sample", ""},
      {R"(,"horizon":399)", "horizon", "at least 400"},
      {R"(,"coverage":0)", "coverage", "above 0"},
      {R"(,"coverage":0.00005)", "coverage", "ten-thousandths"},
      {R"(,"coverage":0.0001)", "coverage", "without any unit"},
      {R"(,"unit":"town")", "unit", "user, session, request"},
      {R"(,"guardrails":["errors","errors"])", "guardrails[1].name", "named twice"},
      {R"(,"guardrails":[{"name":"errors","margin":-0.1}])", "guardrails[0].margin", "0 or more"},
      {R"(,"guardrails":[{"name":"errors","margin":1e999}])", "guardrails[0].margin", ""},
      {R"(,"secondary":[{"name":"x","margin":0.1}])", "secondary[0].margin", "guardrails"},
      {R"(,"secondary":[{"name":"x","source":"call"}])", "secondary[0].name", "latency_us"},
      {R"(,"secondary":[{"name":"tokens","category":"y"}])", "secondary[0].category", "scores"},
      {R"(,"moves_label":"production")", "moves_label", "every variant"},
      {R"(,"tags":{"a":"b"})", "tags", "eligibility.tags"},
      {R"(,"eligibility":{"tag_hashes":{"a":"b"}})", "eligibility.tag_hashes", "computed"},
      {R"(,"eligibility":{"tags":{"a":1}})", "eligibility.tags.a", "string"},
      {R"(,"seed":"")", "seed", "empty"},
      {R"(,"start":"yes")", "start", ""},
      {R"(,"sample":3)", "sample", "no such field"},
      {R"(,"metric":"x")", "metric", "repeated"},
  };
  for (const BadPlan& bad : kBad) {
    SCOPED_TRACE(bad.more);
    const auto asked = plan_with(bad.more);
    ASSERT_FALSE(asked);
    EXPECT_EQ(asked.error().code, core::Errc::invalid_argument);
    EXPECT_EQ(asked.error().field, bad.field) << asked.error().message;
    EXPECT_NE(asked.error().message.find(bad.says), std::string::npos) << asked.error().message;
  }
}

TEST(ExperimentPlan, BadVariantsAreNamedWithTheReason) {
  const BadPlan kBad[] = {
      {R"([{"name":"a"}])", "variants", "2 to 16"},
      {R"([{"name":"a"},{"name":"a"}])", "variants[1].name", "another variant"},
      {R"([{"name":"a b"},{"name":"b"}])", "variants[0].name", "a-z"},
      {R"([{"name":"a"},{"model":"m"}])", "variants[1].name", "required"},
      {R"([{"name":"a","weight":0.5},{"name":"b","weight":0.4}])", "variants",
       "add up to 0.9, not"},
      {R"([{"name":"a","weight":0.5},{"name":"b","weight":0.6}])", "variants",
       "add up to 1.1, not"},
      {R"([{"name":"a","weight":1},{"name":"b","weight":0}])", "variants[1].weight", "leave"},
      {R"([{"name":"a","weight":0.5},{"name":"b"}])", "variants", "or none of them"},
      {R"([{"name":"a","weight":-0.5},{"name":"b","weight":1.5}])", "variants[0].weight", "part"},
      {R"([{"name":"a","weight":0.33333},{"name":"b","weight":0.66667}])", "variants[0].weight",
       "ten-thousandths"},
      {R"([{"name":"a","weight":1e999},{"name":"b","weight":0}])", "variants[0].weight", ""},
      {R"([{"name":"a","share":5000},{"name":"b"}])", "variants[0].share", "weight"},
      {R"([{"name":"a","prompt":"greet"},{"name":"b"}])", "variants[0].prompt", "greeting@2"},
      {R"([{"name":"a","prompt":{"name":"greet"}},{"name":"b"}])", "variants[0].prompt.version",
       "one version"},
      {R"([{"name":"a","prompt":{"name":"g","version":1,"label":"production"}},{"name":"b"}])",
       "variants[0].prompt.label", "may move"},
      {R"([{"name":"a","parameters":{"model":"m"}},{"name":"b"}])", "variants[0].parameters.model",
       "member model"},
      {R"([{"name":"a","parameters":{"messages":[]}},{"name":"b"}])",
       "variants[0].parameters.messages", "conversation"},
      {R"([{"name":"a","parameters":3},{"name":"b"}])", "variants[0].parameters", "object"},
      {R"("a")", "variants", "array"},
  };
  for (const BadPlan& bad : kBad) {
    SCOPED_TRACE(bad.more);
    const auto asked = plan_of_variants(bad.more);
    ASSERT_FALSE(asked);
    EXPECT_EQ(asked.error().code, core::Errc::invalid_argument);
    EXPECT_EQ(asked.error().field, bad.field) << asked.error().message;
    EXPECT_NE(asked.error().message.find(bad.says), std::string::npos) << asked.error().message;
  }
}

TEST(ExperimentPlan, VariantsThatAreTheSameAreRemarkedNotRefused) {
  const auto same = plan_of_variants(R"([{"name":"a"},{"name":"b"}])");
  ASSERT_TRUE(same);
  const auto said = remarks(same->plan);
  ASSERT_EQ(said.size(), 1U);
  EXPECT_NE(said[0].find("A/A"), std::string::npos);
  EXPECT_TRUE(remarks(plan_with("")->plan).empty());
}

TEST(ExperimentPlan, OnlyWeightsAndCoverageChange) {
  const auto plan = plan_with("")->plan;
  const auto shares_of = [&](std::string_view text) {
    return read_shares(parse_json(text).value(), plan, 10'000, {5000, 5000});
  };
  const std::vector<std::uint32_t> few{9000, 1000};
  EXPECT_EQ(shares_of(R"({"weights":{"b":0.1,"a":0.9}})")->shares, few);
  EXPECT_EQ(shares_of(R"({"weights":[0.9,0.1],"comment":"less"})")->comment, "less");
  const std::vector<std::uint32_t> none{10'000, 0};
  EXPECT_EQ(shares_of(R"({"weights":[1,0]})")->shares, none) << "nobody comes to b any more";
  EXPECT_EQ(shares_of(R"({"coverage":0.5})")->coverage, 5000U);
  const auto refused = shares_of(R"({"metric":"stars","weights":[0.9,0.1]})");
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, core::Errc::rejected);
  EXPECT_EQ(refused.error().field, "metric");
  EXPECT_EQ(shares_of(R"({"weights":{"a":1}})").error().field, "weights.b");
  EXPECT_EQ(shares_of(R"({"weights":{"a":0.5,"b":0.5,"c":0}})").error().field, "weights.c");
  EXPECT_EQ(shares_of(R"({"weights":[0.9,0.2]})").error().message,
            "weights: the weights add up to 1.1, not to 1");
  EXPECT_EQ(shares_of(R"({})").error().field, "weights");
  EXPECT_EQ(shares_of(R"({"wieghts":[1,0]})").error().code, core::Errc::invalid_argument);
}

TEST(ExperimentPlan, OnlyCallsThatItMeansTakePart) {
  const auto plan =
      plan_with(R"(,"eligibility":{"agents":["desk"],"models":["m","n"],"tags":{"plan":"free"}})")
          ->plan;
  const StringMap free{{"plan", tag_hash({}, "plan", "free", plan_hash())}};
  const StringMap paid{{"plan", tag_hash({}, "plan", "paid", plan_hash())}};
  EXPECT_TRUE(eligible(plan.eligibility, {"desk", "n", "openai", &free}));
  EXPECT_FALSE(eligible(plan.eligibility, {"other", "n", "openai", &free}));
  EXPECT_FALSE(eligible(plan.eligibility, {"desk", "x", "openai", &free}));
  EXPECT_FALSE(eligible(plan.eligibility, {"desk", "n", "openai", &paid}));
  EXPECT_FALSE(eligible(plan.eligibility, {"desk", "n", "openai", nullptr}));
  EXPECT_TRUE(eligible({}, {}));
}

TEST(Buckets, AreTheSharesThatTheCoverageLeaves) {
  EXPECT_EQ(buckets_taken({0, {5000, 5000}, 10'000, {}}), (std::vector<std::uint32_t>{5000, 5000}));
  EXPECT_EQ(buckets_taken({0, {9000, 1000}, 5'000, {}}), (std::vector<std::uint32_t>{4500, 500}));
  EXPECT_EQ(buckets_taken({0, {9999, 1}, 5'000, {}}), (std::vector<std::uint32_t>{5000, 1}))
      << "a variant with a share is never without units";
  EXPECT_EQ(buckets_taken({0, {10'000, 0}, 5'000, {}}), (std::vector<std::uint32_t>{5000, 0}));
}

TEST(Buckets, AreDrawnAsOftenAsIsExpected) {
  ExperimentState state;
  state.plan.emplace();
  state.plan->seed = "few";
  state.shares.push_back({0, {9'990, 10}, 101, {}});
  const auto taken = buckets_taken(state.shares.back());
  std::vector<std::uint32_t> drawn(2);
  for (int i = 0; i < 200'000; ++i) {
    if (const auto unit = draw(state, "u" + std::to_string(i))) ++drawn[unit->variant];
  }
  // 101 and 1 of 10,000 buckets: 2,020 and 20 units, give or take four standard deviations.
  EXPECT_EQ(taken, (std::vector<std::uint32_t>{101, 1}));
  EXPECT_NEAR(drawn[0], 2'020, 180);
  EXPECT_NEAR(drawn[1], 20, 18);
}

}  // namespace
}  // namespace hansard::events
