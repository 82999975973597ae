#include "formats/steps.h"

#include <gtest/gtest.h>

namespace {

using namespace hansard;
using events::Json;
using importers::microseconds;
using importers::time_of;

std::string time(std::string_view json) {
  const Json value = *events::parse_json(json);
  const auto found = time_of(&value);
  return found ? core::format_time(*found) : "none";
}

TEST(Steps, TimesAreTextsOrSecondsToTheMicrosecond) {
  EXPECT_EQ(time("\"2025-07-05T09:59:40.5-04:00\""), "2025-07-05T13:59:40.500000Z");
  EXPECT_EQ(time("1686286997.2886286"), "2023-06-09T05:03:17.288628Z") << "a double would say 29";
  EXPECT_EQ(time("1729011193"), "2024-10-15T16:53:13.000000Z");
  EXPECT_EQ(time("1.7e9"), "2023-11-14T22:13:20.000000Z");
  EXPECT_EQ(time("0"), "1970-01-01T00:00:00.000000Z");
}

TEST(Steps, WhatIsNoTimeIsNone) {
  for (const char* json : {"\"yesterday\"", "-1", "1e300", "99999999999999999999", "null", "[]",
                           "999999999999.5", "true"}) {
    EXPECT_EQ(time(json), "none") << json;
  }
  EXPECT_EQ(time_of(nullptr), std::nullopt);
}

TEST(Steps, DurationsAreSecondsAsNumberOrText) {
  const Json number = *events::parse_json("0.25");
  const Json text = *events::parse_json("\"0.2396368359986809\"");
  const Json nothing = *events::parse_json("\"soon\"");
  EXPECT_EQ(microseconds(&number), 250000U);
  EXPECT_EQ(microseconds(&text), 239637U);
  EXPECT_EQ(microseconds(&nothing), std::nullopt);
}

TEST(Steps, AnIdentifierHasOnlyWhatIsAllowed) {
  EXPECT_EQ(importers::identifier_of("Exit: Cost (4.5)"), "exit__cost__4.5_");
  EXPECT_EQ(importers::identifier_of(std::string(100, 'x')).size(), events::kMaxIdentifierBytes);
}

}  // namespace
