// GET /v1/experiments/{name}/report and POST /v1/experiments/power.
#include "engine_server.h"

namespace hansard::http::testing {
namespace {

class ExperimentReports : public EngineServer {
 protected:
  void SetUp() override {
    EngineServer::SetUp();
    const Answer created =
        post("/v1/experiments",
             R"({"name":"greeting","metric":"thumbs","hypothesis":"Warmer is better.",)"
             R"("minimum_sample":20,"start":true,"variants":[)"
             R"({"name":"a"},{"name":"b","model":"m2"}]})");
    ASSERT_EQ(created.status, 201) << created.body;
  }
  void unit(const std::string& name, const std::string& variant, std::string_view value) {
    const std::string asked = R"({"unit":")" + name + "\"";
    const Answer exposed =
        post("/v1/experiments/greeting/exposures", asked + R"(,"variant":")" + variant + "\"}");
    ASSERT_EQ(exposed.status, 201) << exposed.body;
    const Answer came =
        post("/v1/experiments/greeting/outcomes",
             asked + R"(,"outcome_id":"o","metric":"thumbs","value":)" + std::string(value) + "}");
    ASSERT_EQ(came.status, 201) << came.body;
  }
  events::Json report(const std::string& more = "") {
    const Answer answer =
        get("/v1/experiments/greeting/report?at_least=" + std::to_string(log_.end().value) + more);
    EXPECT_EQ(answer.status, 200) << answer.body;
    return json(answer);
  }
  static const events::Json& at(const events::Json& json, std::string_view name, std::size_t i) {
    return json.find(name)->if_array()->at(i);
  }
};

TEST_F(ExperimentReports, SayWhatWasSeenAndWhy) {
  for (int i = 0; i < 30; ++i) {
    unit("a" + std::to_string(i), "a", i % 10 == 0 ? "true" : "false");
    unit("b" + std::to_string(i), "b", i % 10 == 0 ? "false" : "true");
  }
  const events::Json all = report();
  EXPECT_EQ(text(*all.find("verdict"), "decision"), "winner");
  EXPECT_EQ(text(*all.find("verdict"), "variant"), "b");
  EXPECT_EQ(text(all, "hypothesis"), "Warmer is better.");
  EXPECT_EQ(number(all, "exposed"), 60U);
  EXPECT_EQ(number(at(all, "variants", 1), "exposed"), 30U);
  const events::Json& metric = at(all, "metrics", 0);
  EXPECT_EQ(text(metric, "role"), "primary");
  EXPECT_EQ(events::dump(*at(metric, "variants", 1).find("mean")), "0.9");
  EXPECT_NE(at(metric, "comparisons", 0).find("relative"), nullptr);
  EXPECT_EQ(text(at(all, "metrics", 1), "metric"), "errors");
}

TEST_F(ExperimentReports, AreAsOfAnyPositionOrTime) {
  unit("u1", "a", "true");
  const std::uint64_t then = log_.end().value - 1;
  unit("u2", "b", "true");
  EXPECT_EQ(number(report(), "exposed"), 2U);
  const events::Json before = report("&as_of=p" + std::to_string(then));
  EXPECT_EQ(number(before, "exposed"), 1U);
  EXPECT_EQ(number(before, "as_of"), then + 1);
  EXPECT_EQ(number(report("&as_of=2999-01-01T00:00:00Z"), "exposed"), 2U);
  EXPECT_EQ(get("/v1/experiments/greeting/report?as_of=2001-01-01T00:00:00Z").status, 404);
  const Answer version = get("/v1/experiments/greeting/report?as_of=v2");
  EXPECT_EQ(version.status, 400);
  EXPECT_NE(version.body.find("not of a version"), std::string::npos);
}

TEST_F(ExperimentReports, OfNoExperimentThereIsNone) {
  EXPECT_EQ(get("/v1/experiments/none/report").status, 404);
  EXPECT_EQ(get("/v1/experiments/greeting/report?until=3").status, 400);
}

TEST_F(ExperimentReports, UnitsNeededAreCounted) {
  const auto asked = [&](std::string_view body) {
    const Answer answer = post("/v1/experiments/power", body);
    EXPECT_EQ(answer.status, 200) << answer.body;
    return json(answer);
  };
  const events::Json proportion = asked(R"({"baseline":0.1,"lift":0.02})");
  EXPECT_EQ(number(proportion, "units_per_variant_at_one_look"), 3'839U);
  EXPECT_GT(number(proportion, "units_per_variant"), 3'839U);
  EXPECT_EQ(
      number(asked(R"({"baseline":0.1,"relative_lift":0.2})"), "units_per_variant_at_one_look"),
      3'839U);
  EXPECT_NE(asked(R"({"baseline":5,"deviation":2,"units":400})").find("detectable_at_one_look"),
            nullptr);
  for (const auto& [body, field] :
       {std::pair{R"({"lift":0.02})", "baseline"},
        {R"({"baseline":0.1})", "lift"},
        {R"({"baseline":0.1,"lift":0})", "lift"},
        {R"({"baseline":0.9,"lift":0.2})", "lift"},
        {R"({"baseline":5,"lift":1})", "baseline"},
        {R"({"baseline":0.1,"lift":1e-9})", "lift"},
        {R"({"baseline":0.1,"lift":0.1,"alpha":0.7})", "alpha"},
        {R"({"baseline":0.1,"lift":0.1,"sides":2})", "sides"},
        {R"({"baseline":0.1,"lift":0.1,"relative_lift":1})", "relative_lift"},
        {R"({"baseline":"x","lift":0.1})", "baseline"}}) {
    const Answer refused = post("/v1/experiments/power", body);
    EXPECT_EQ(refused.status, 400) << body;
    EXPECT_EQ(text(json(refused), "field"), field) << refused.body;
  }
}

}  // namespace
}  // namespace hansard::http::testing
