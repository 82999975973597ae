#include "targets.h"

#include <gtest/gtest.h>

#include <limits>

#include "retry.h"

namespace hansard::gateway {
namespace {

using std::chrono::milliseconds;
using namespace std::chrono_literals;

constexpr std::uint64_t kMost = std::numeric_limits<std::uint64_t>::max();

TEST(Targets, EachIsDrawnByItsShare) {
  const std::vector<Target> targets{
      {"a", {}, {}, 1}, {"never", {}, {}, 0}, {"b", {}, {}, 2}, {"c", {}, {}, 1}};
  std::string drawn;
  for (std::uint64_t i = 0; i < 8; ++i) {
    drawn += draw_target(targets, i << 61U)->provider;
  }
  EXPECT_EQ(drawn, "aabbbbcc");
  EXPECT_EQ(draw_target(targets, kMost)->provider, "c");
  EXPECT_EQ(draw_target(targets, 0)->provider, "a");
  EXPECT_EQ(draw_target({}, 0), nullptr);
}

TEST(Targets, ThePlanIsTheOneDrawnThenTheFallbacks) {
  RouteOptions route;
  EXPECT_EQ(plan_of(route, "openai", 0).at(0).provider, "openai");
  route.targets = {{"a", {}, {}, 1}, {"b", {}, {}, 1}};
  route.fallbacks = {{"c", {}, {}, 1}, {"a", "small", {}, 1}};
  const auto plan = plan_of(route, "r", kMost);
  ASSERT_EQ(plan.size(), 3U);
  EXPECT_EQ(plan[0].provider, "b");
  EXPECT_EQ(plan[1].provider, "c");
  EXPECT_EQ(plan[2].model, "small");
}

TEST(Targets, TheClientsKeyGoesToOneProviderOnly) {
  RouteOptions route;
  EXPECT_EQ(keyholder_of(route, "openai"), "openai");
  route.targets = {{"a", {}, {}, 1}, {"openai", {}, {}, 1}};
  EXPECT_EQ(keyholder_of(route, "openai"), "openai");
  EXPECT_EQ(keyholder_of(route, "smart"), "a");

  Fields fields{{"X-Api-Key", "k"}, {"accept", "*/*"}, {"AUTHORIZATION", "k"}, {"api-key", "k"}};
  drop_keys(fields);
  ASSERT_EQ(fields.size(), 1U);
  EXPECT_EQ(fields[0].name, "accept");
}

TEST(Targets, AnotherModelChangesNoOtherByte) {
  struct Row {
    const char* body;
    const char* expected;  ///< null: nothing
  };
  for (const Row& row : {
           Row{R"({"model":"m","n":1})", R"({"model":"x\"y","n":1})"},
           Row{"{ \"n\" : 1.50 ,\n \"model\" :\t\"m\" }",
               "{ \"n\" : 1.50 ,\n \"model\" :\t\"x\\\"y\" }"},
           Row{R"({"a":{"model":"in"},"b":["model",{"model":1}],"model":"m"})",
               R"({"a":{"model":"in"},"b":["model",{"model":1}],"model":"x\"y"})"},
           Row{R"({"t":"\"model\":\"no\"\\","model":"m"})",
               R"({"t":"\"model\":\"no\"\\","model":"x\"y"})"},
           Row{R"({"model":"m","model":"n"})", R"({"model":"x\"y","model":"x\"y"})"},
           Row{R"({"model":null})", R"({"model":"x\"y"})"},
           Row{R"({"n":1})", nullptr},
           Row{R"({})", nullptr},
           Row{R"([{"model":"m"}])", nullptr},
           Row{R"("model")", nullptr},
           Row{R"({"model":"m")", nullptr},
           Row{"", nullptr},
       }) {
    const auto body = with_model(row.body, "x\"y");
    EXPECT_EQ(body.has_value(), row.expected != nullptr) << row.body;
    if (body && row.expected != nullptr) {
      EXPECT_EQ(*body, row.expected);
    }
  }
}

TEST(Retry, WhatMayPassIsTriedAgainAndWhatIsWrongIsNot) {
  struct Row {
    int status;
    bool may_pass;
    bool elsewhere;
    bool well;
  };
  for (const Row& row :
       {Row{200, false, false, true}, Row{201, false, false, true}, Row{304, false, false, true},
        Row{400, false, false, true}, Row{401, false, false, true}, Row{403, false, false, true},
        Row{404, false, false, true}, Row{408, true, true, true}, Row{413, false, false, true},
        Row{422, false, false, true}, Row{429, true, true, true}, Row{500, true, true, false},
        Row{501, false, true, false}, Row{502, true, true, false}, Row{503, true, true, false},
        Row{504, true, true, false}, Row{520, false, true, false}, Row{529, true, true, false}}) {
    const Verdict verdict = judge(row.status);
    EXPECT_EQ(verdict.may_pass, row.may_pass) << row.status;
    EXPECT_EQ(verdict.elsewhere, row.elsewhere) << row.status;
    EXPECT_EQ(verdict.provider_well, row.well) << row.status;
    EXPECT_EQ(verdict.reason, "after_" + std::to_string(row.status));
  }
}

TEST(Retry, WhereACallFailedSaysWhoseFaultItWas) {
  struct Row {
    const char* field;
    bool may_pass;
    bool elsewhere;
    std::optional<bool> well;
  };
  for (const Row& row : {Row{"connect", true, true, false}, Row{"tls", true, true, false},
                         Row{"first_byte", true, true, false}, Row{"reset", true, true, false},
                         Row{"protocol", false, true, false}, Row{"connections", true, true, {}},
                         Row{"calls", true, true, {}}, Row{"idle", true, true, false},
                         Row{"truncated", true, true, false}, Row{"total", false, false, {}},
                         Row{"key", false, false, {}}, Row{"provider", false, false, {}},
                         Row{"target", false, false, {}}, Row{"stopping", false, false, {}},
                         Row{"", false, false, {}}}) {
    const Verdict verdict = judge(core::Error{core::Errc::unavailable, "text", row.field});
    EXPECT_EQ(verdict.may_pass, row.may_pass) << row.field;
    EXPECT_EQ(verdict.elsewhere, row.elsewhere) << row.field;
    EXPECT_EQ(verdict.provider_well, row.well) << row.field;
  }
}

TEST(Retry, WhenTheProviderSaysHowLongThatIsRead) {
  const auto now = parse_http_date("Sun, 06 Nov 1994 08:49:37 GMT").value();
  EXPECT_EQ(now, core::parse_time("1994-11-06T08:49:37Z").value());
  struct Row {
    Fields fields;
    std::optional<milliseconds> wait;
  };
  for (const Row& row : {
           Row{{}, {}},
           Row{{{"Retry-After", "3"}}, 3s},
           Row{{{"retry-after", " 0 "}}, 0s},
           Row{{{"Retry-After", "Sun, 06 Nov 1994 08:50:00 GMT"}}, 23s},
           Row{{{"Retry-After", "Sun, 06 Nov 1994 08:00:00 GMT"}}, 0s},
           Row{{{"Retry-After", "Sunday, 06-Nov-94 08:50:00 GMT"}}, {}},
           Row{{{"Retry-After", "Sun, 31 Feb 1994 08:50:00 GMT"}}, {}},
           Row{{{"Retry-After", "Sun, 06 Nov 1994 08:5x:00 GMT"}}, {}},
           Row{{{"Retry-After", "-1"}}, {}},
           Row{{{"Retry-After", "soon"}}, {}},
           Row{{{"Retry-After", ""}}, {}},
           Row{{{"Retry-After", "99999999999999999999999"}}, 1'000'000'000s},
           Row{{{"Retry-After", "3"}, {"Retry-After-Ms", "250"}}, 250ms},
           Row{{{"retry-after-ms", "250.75"}}, 250ms},
           Row{{{"retry-after-ms", "x"}, {"Retry-After", "2"}}, 2s},
       }) {
    EXPECT_EQ(retry_after(row.fields, now), row.wait)
        << (row.fields.empty() ? "" : row.fields[0].value);
  }
}

TEST(Retry, PausesGrowUpToABoundAndAreDrawnFromAllOfIt) {
  RetryOptions options;
  options.base = 500ms;
  options.max = 3s;
  EXPECT_EQ(backoff(options, 1, kMost), 500ms);
  EXPECT_EQ(backoff(options, 2, kMost), 1000ms);
  EXPECT_EQ(backoff(options, 3, kMost), 2000ms);
  EXPECT_EQ(backoff(options, 4, kMost), 3000ms);
  EXPECT_EQ(backoff(options, 4'000'000'000U, kMost), 3000ms);
  EXPECT_EQ(backoff(options, 3, 0), 0ms);
  EXPECT_EQ(backoff(options, 3, kMost / 2), 1000ms);
  options.base = 0ms;
  EXPECT_EQ(backoff(options, 3, kMost), 0ms);
}

}  // namespace
}  // namespace hansard::gateway
