#include "text/experiment_text.h"

#include <gtest/gtest.h>

namespace hansard::cli {
namespace {

bool has(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

TEST(ExperimentText, AnIntervalLiesOnItsScale) {
  EXPECT_EQ(interval_plot(-1, 0, 1, -1, 1, 9), "[---#---]");
  EXPECT_EQ(interval_plot(2, 3, 4, 0, 4, 9), "|   [-*-]");
  EXPECT_EQ(interval_plot(-4, -3, -2, -4, 0, 9), "[-*-]   |");
  EXPECT_EQ(interval_plot(-9, 0.5, 9, -1, 1, 9), "[---|-*-]") << "what lies beyond is at its end";
}

TEST(ExperimentText, SaysWhatAReportSays) {
  const auto report = events::parse_json(
      R"({"experiment":"greeting","status":"running","hypothesis":"Warmer is better.",)"
      R"("unit":"user","coverage":1,"started_at":"2026-01-02T03:04:05.000000Z","exposed":10000,)"
      R"("alpha":0.05,"verdict":{"decision":"winner","variant":"b","reasons":["b is better."]},)"
      R"("variants":[{"variant":"a","prompt":"greet@1","weight":0.5,"exposed":5000,"calls":)"
      R"({"answered":5100,"failed":3,"cached":2,"refused":0}},{"variant":"b","weight":0.5,)"
      R"("exposed":5000}],"sample_ratio":{"p":1,"alarm":false,"alarm_below":0.001},)"
      R"("metrics":[{"metric":"thumbs","role":"primary","goal":"increase","aggregate":"mean",)"
      R"("variants":[{"variant":"a","units":4000,"unusable":7,"mean":0.5},)"
      R"({"variant":"b","units":4000,"mean":0.56}],"comparisons":[{"variant":"b","enough":true,)"
      R"("better":true,"worse":false,"adjusted_p":0.001,"absolute":{"estimate":0.06,)"
      R"("lower":0.02,"upper":0.1},"relative":{"estimate":0.12,"lower":0.04,"upper":0.2}}]},)"
      R"({"metric":"errors","role":"guardrail","goal":"decrease","aggregate":"ratio","variants":)"
      R"([{"variant":"a","units":0},{"variant":"b","units":0}],"comparisons":)"
      R"([{"variant":"b","enough":false,"unknown":"too_few"}]}],)"
      R"("never_exposed":3,"unexpected_outcomes":0,"corrected":1})");
  ASSERT_TRUE(report);
  const std::string text = experiment_text(*report, 0);
  for (const char* part :
       {"greeting (running)", "Hypothesis: Warmer is better.",
        "Every user takes part since 2026-01-02T03:04:05; 10,000 met", "prompt greet@1",
        "the call as it is", "0.5 over 4,000 units, 7 values unusable", "|", "*", "]",
        "+0.06 [+0.02, +0.1], +12 % [+4 %, +20 %], p 0.001: better", "Verdict: winner b",
        "b is better.", "nothing yet", "cannot be compared: too_few",
        "3 units are on record that never met", "1 values were corrected"}) {
    EXPECT_TRUE(has(text, part)) << part << "\n" << text;
  }
  EXPECT_FALSE(has(text, "are of such units"));
}

TEST(ExperimentText, WhatTheRecordSaysCannotDriveTheTerminal) {
  const auto report = events::parse_json("{\"experiment\":\"x\\u001b[2J\",\"status\":\"running\"}");
  ASSERT_TRUE(report);
  EXPECT_FALSE(has(experiment_text(*report, 80), "\x1b"));
}

TEST(ExperimentText, CountsUnitsThatAQuestionNeeds) {
  const auto answer = events::parse_json(
      R"({"baseline":0.1,"alpha":0.05,"power":0.8,"lift":0.02,"units_per_variant":8000,)"
      R"("units_per_variant_at_one_look":3839,"units":400,"detectable_at_one_look":0.059})");
  ASSERT_TRUE(answer);
  const std::string text = power_text(*answer);
  EXPECT_TRUE(has(text, "To find +0.02 from 0.1 with power 80 % at alpha 0.05")) << text;
  EXPECT_TRUE(has(text, "8,000 units a variant, looking whenever")) << text;
  EXPECT_TRUE(has(text, "3,839 units a variant, looking once")) << text;
  EXPECT_TRUE(has(text, "400 units a variant find a difference of 0.059")) << text;
}

}  // namespace
}  // namespace hansard::cli
