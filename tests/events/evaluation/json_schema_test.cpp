#include "events/evaluation/json_schema.h"

#include <gtest/gtest.h>

namespace hansard::events {
namespace {

JsonSchema schema(std::string_view text) {
  return JsonSchema::read(parse_json(text).value(), "schema").value();
}

std::string violation(std::string_view text, std::string_view value) {
  const auto checked = schema(text).check(parse_json(value).value());
  EXPECT_TRUE(checked) << checked.error().message;
  if (!*checked) return "";
  return ((*checked)->path.empty() ? "" : (*checked)->path + ": ") + (*checked)->message;
}

TEST(JsonSchemas, SayWhereAndWhy) {
  const auto* const order = R"({
    "type": "object", "additionalProperties": false, "required": ["items"],
    "properties": {"items": {"type": "array", "minItems": 1, "items": {"$ref": "#/$defs/item"}}},
    "$defs": {"item": {"type": "object", "required": ["sku"],
                       "properties": {"sku": {"pattern": "^[A-Z]{2}$"}, "n": {"type": "integer"}}}}})";
  EXPECT_EQ(violation(order, R"({"items": [{"sku": "AB", "n": 2.0}]})"), "");
  EXPECT_EQ(violation(order, R"({"items": []})"), "items: has less than 1 elements");
  EXPECT_EQ(violation(order, R"({"items": [{"sku": "AB"}, {"sku": "ab"}]})"),
            "items[1].sku: does not match ^[A-Z]{2}$");
  EXPECT_EQ(violation(order, R"({"items": [{"sku": "AB", "n": 2.5}]})"),
            "items[0].n: expected integer, found a number");
  EXPECT_EQ(violation(order, R"({"items": [{"sku": "AB"}], "x": 1})"),
            "x: no such member is allowed");
}

TEST(JsonSchemas, KeepWordsBesideAReference) {
  EXPECT_EQ(
      violation(R"({"$ref": "#/$defs/a", "maximum": 5, "$defs": {"a": {"minimum": 1}}})", "7"),
      "is not at most 5");
}

void expect_schema_refused(std::string_view text, std::string_view field) {
  const auto read = JsonSchema::read(parse_json(text).value(), "schema");
  ASSERT_FALSE(read) << text;
  EXPECT_EQ(read.error().field, field) << read.error().message;
}

TEST(JsonSchemas, RefuseWhatTheyWouldNotHold) {
  expect_schema_refused(R"({"properties": {"a": 1}})", "schema.properties.a");
  expect_schema_refused(R"({"anyOf": {}})", "schema.anyOf");
  expect_schema_refused(R"({"pattern": "(?<=a)b"})", "schema.pattern");
  expect_schema_refused(R"({"patternProperties": {"(": {}}})", "schema.patternProperties.(");
  expect_schema_refused(R"({"$ref": "https://example.org/s.json"})", "schema.$ref");
  expect_schema_refused(R"({"unevaluatedProperties": false})", "schema.unevaluatedProperties");
  expect_schema_refused(R"({"minLength": -1})", "schema.minLength");
  expect_schema_refused(R"({"required": "a"})", "schema.required");
}

TEST(JsonSchemas, EndWhereTheyWouldGoOnForEver) {
  const auto endless = schema(R"({"$ref": "#"})").check(Json(1));
  ASSERT_FALSE(endless);
  EXPECT_EQ(endless.error().code, core::Errc::too_large);
  // Each level asks the one below twice.
  std::string bomb = R"({"$defs": {"n0": {"type": "string"})";
  for (int i = 1; i < 60; ++i) {
    const std::string below = "{\"$ref\": \"#/$defs/n" + std::to_string(i - 1) + "\"}";
    bomb += ", \"n" + std::to_string(i) + R"(": {"oneOf": [)" + below + "," + below + "]}";
  }
  bomb += R"(}, "$ref": "#/$defs/n59"})";
  const auto wide = schema(bomb).check(Json(1));
  ASSERT_FALSE(wide);
  EXPECT_EQ(wide.error().code, core::Errc::too_large);
}

}  // namespace
}  // namespace hansard::events
