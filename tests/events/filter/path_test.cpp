#include "events/filter/path.h"

#include <gtest/gtest.h>

#include <sstream>

namespace hansard::events {
namespace {

/// Walks `way` (`metadata/ssn/#2`: members, and elements by number) along the path.
bool leads(std::string_view path, const std::string& way) {
  const auto parsed = JsonPath::parse(path, "path");
  EXPECT_TRUE(parsed) << parsed.error().message;
  auto state = parsed->start();
  std::istringstream steps(way);
  for (std::string step; std::getline(steps, step, '/');) {
    state = step[0] == '#' ? parsed->element(state, std::stoul(step.substr(1)))
                           : parsed->member(state, step);
  }
  return parsed->reached(state);
}

TEST(JsonPaths, LeadToMembersAndElements) {
  EXPECT_TRUE(leads("metadata.ssn", "metadata/ssn"));
  EXPECT_FALSE(leads("metadata.ssn", "metadata"));
  EXPECT_FALSE(leads("metadata.ssn", "metadata/ssn/x"));
  EXPECT_FALSE(leads("metadata.ssn", "parts/ssn"));
  EXPECT_TRUE(leads("parts[*].text", "parts/#7/text"));
  EXPECT_TRUE(leads("parts[2].text", "parts/#2/text"));
  EXPECT_FALSE(leads("parts[2].text", "parts/#1/text"));
  EXPECT_TRUE(leads(R"(extra["a.b"].c)", "extra/a.b/c"));
  EXPECT_TRUE(leads("metadata.größe", "metadata/größe"));
}

TEST(JsonPaths, LeadAnyNumberOfStepsDown) {
  for (const char* way : {"ssn", "metadata/ssn", "arguments/people/#3/ssn", "ssn/x/ssn"}) {
    EXPECT_TRUE(leads("**.ssn", way)) << way;
  }
  EXPECT_FALSE(leads("**.ssn", "metadata/ssns"));
  EXPECT_TRUE(leads("arguments.**.iban", "arguments/iban"));
  EXPECT_TRUE(leads("arguments.**.iban", "arguments/#0/a/iban"));
  EXPECT_FALSE(leads("arguments.**.iban", "output/iban"));
  EXPECT_TRUE(leads("a.**.b.**.c", "a/x/b/y/#1/c"));
  EXPECT_TRUE(leads("**[0]", "x/#0"));
}

TEST(JsonPaths, WhatIsNoneSaysWhereAndWhatWasExpected) {
  for (const std::string_view wrong : {"", ".", "a.", "a..b", "a[", "a[]", "a[*", "a[x]", "a[\"b]",
                                       "a b", "a.**", "**", "a[1234567890]", "a]"}) {
    const auto parsed = JsonPath::parse(wrong, "filter.rules[0].path");
    ASSERT_FALSE(parsed) << wrong;
    EXPECT_EQ(parsed.error().code, core::Errc::invalid_argument);
    EXPECT_EQ(parsed.error().field, "filter.rules[0].path");
  }
  EXPECT_NE(JsonPath::parse("a[x]", "p").error().message.find("at byte 2"), std::string::npos);
}

TEST(JsonPaths, AreBounded) {
  std::string deep = "a";
  for (std::size_t i = 1; i < JsonPath::kStepsMax; ++i) deep += ".a";
  EXPECT_TRUE(JsonPath::parse(deep, "path"));
  EXPECT_FALSE(JsonPath::parse(deep + ".a", "path"));
  EXPECT_FALSE(JsonPath::parse(std::string(JsonPath::kBytesMax + 1, 'a'), "path"));
}

}  // namespace
}  // namespace hansard::events
