#include "events/evaluation/evaluator.h"

#include <gtest/gtest.h>

namespace hansard::events {
namespace {

Evaluator evaluator(std::string_view json) {
  return Evaluator::read(parse_json(json).value(), "evaluator").value();
}

std::string reason(std::string_view json, std::string_view answer) {
  const auto judged = evaluator(json).judge(answer);
  EXPECT_TRUE(judged);
  EXPECT_EQ(judged->passed, judged->reason.empty());
  return judged->reason;
}

TEST(Evaluators, JudgeTheSameTextTheSameWay) {
  EXPECT_EQ(reason(R"({"exact": " yes"})", "yes\n"), "");
  EXPECT_EQ(reason(R"({"exact": "yes"})", "Yes"), "is not \"yes\"");
  EXPECT_EQ(reason(R"({"contains": ["tea", "milk"]})", "milk in tea"), "");
  EXPECT_EQ(reason(R"({"contains": ["tea", "Milk"]})", "milk in tea"), "missing: \"Milk\"");
  EXPECT_EQ(reason(R"({"contains": "tea"})", "tea"), "");
  EXPECT_EQ(reason(R"({"not_contains": ["sorry"]})", "I am sorry"), "has \"sorry\"");
  EXPECT_EQ(reason(R"({"not_contains": ["sorry"]})", ""), "");
  EXPECT_EQ(reason(R"({"regex": "^\\d+ EUR$"})", "12 EUR"), "");
  EXPECT_EQ(reason(R"({"regex": "^\\d+ EUR$"})", "12 USD"), "no part of it matches");
}

TEST(Evaluators, ReadTheLastNumberOfAnAnswer) {
  EXPECT_EQ(reason(R"({"number": {"expected": 4}})", "2 + 2 = 4."), "");
  EXPECT_EQ(reason(R"({"number": {"expected": 1234.5, "tolerance": 0.1}})", "it is 1,234.45"), "");
  EXPECT_EQ(reason(R"({"number": {"expected": -3}})", "about -3"), "");
  EXPECT_EQ(reason(R"({"number": {"expected": 100, "tolerance": 0.05, "relative": true}})", "104"),
            "");
  EXPECT_EQ(reason(R"({"number": {"expected": 100, "tolerance": 0.05, "relative": true}})", "106"),
            "106 is not within 5 of 100");
  EXPECT_EQ(reason(R"({"number": {"expected": 4}})", "four"), "has no number");
  EXPECT_EQ(reason(R"({"number": {"expected": 1}})", "1.2.3"), "has no number");
}

TEST(Evaluators, HoldJsonAgainstASchemaAlsoWithinAFence) {
  const auto* const schema =
      R"({"json_schema": {"type": "object", "required": ["name"], "properties": {"age": {"minimum": 0}}}})";
  EXPECT_EQ(reason(schema, R"({"name": "Ada", "age": 36})"), "");
  EXPECT_EQ(reason(schema, "```json\n{\"name\": \"Ada\"}\n```"), "");
  EXPECT_EQ(reason(schema, R"({"age": 36})"), "name: is missing");
  EXPECT_EQ(reason(schema, R"({"name": "Ada", "age": -1})"), "age: is not at least 0");
  EXPECT_NE(reason(schema, "Ada is 36").find("is not JSON"), std::string::npos);
}

void expect_refused(std::string_view json, std::string_view field) {
  const auto read = Evaluator::read(parse_json(json).value(), "evaluator");
  ASSERT_FALSE(read) << json;
  EXPECT_EQ(read.error().field, field) << read.error().message;
}

TEST(Evaluators, NameWhatIsWrongWithThem) {
  expect_refused("[]", "evaluator");
  expect_refused(R"({"exact": "a", "regex": "b"})", "evaluator");
  expect_refused(R"({"similar": "a"})", "evaluator.similar");
  expect_refused(R"({"exact": 1})", "evaluator.exact");
  expect_refused(R"({"contains": []})", "evaluator.contains");
  expect_refused(R"({"contains": ["a", ""]})", "evaluator.contains");
  expect_refused(R"({"regex": "("})", "evaluator.regex");
  expect_refused(R"({"number": {"tolerance": 1}})", "evaluator.number.expected");
  expect_refused(R"({"number": {"expected": 1, "tolerance": -1}})", "evaluator.number.tolerance");
  expect_refused(R"({"number": {"expected": 1e999}})", "evaluator.number.expected");
  expect_refused(R"({"number": {"expected": 1, "about": 2}})", "evaluator.number.about");
  expect_refused(R"({"json_schema": {"minimum": "3"}})", "evaluator.json_schema.minimum");
}

}  // namespace
}  // namespace hansard::events
