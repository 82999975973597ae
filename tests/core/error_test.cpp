#include "core/error.h"

#include <gtest/gtest.h>

#include <map>
#include <set>
#include <string>

#include "core/assert.h"

namespace hansard::core {
namespace {

TEST(ErrorTable, HasEveryCodeOnceInDeclarationOrder) {
  const auto table = error_table();
  ASSERT_EQ(table.size(), static_cast<std::size_t>(Errc::internal) + 1);
  for (std::size_t i = 0; i < table.size(); ++i) {
    EXPECT_EQ(static_cast<std::size_t>(table[i].code), i);
    EXPECT_EQ(&traits(table[i].code), &table[i]);
  }
}

TEST(ErrorTable, NamesAndExitCodesAreDistinctAndLeaveTheShellsOwnAlone) {
  std::set<std::string_view> names;
  std::set<int> exits;
  for (const ErrorTraits& row : error_table()) {
    EXPECT_TRUE(names.insert(row.name).second) << row.name;
    EXPECT_TRUE(exits.insert(row.exit_code).second) << row.name;
    EXPECT_GE(row.exit_code, 3) << row.name;
    EXPECT_LT(row.exit_code, 64) << row.name << ": above are sysexits and signals";
    EXPECT_FALSE(row.title.empty());
  }
}

TEST(ErrorTable, StatusesAreTheOnesClientsKnow) {
  const std::map<std::string_view, int> expected = {
      {"invalid_argument", 400}, {"too_large", 413},   {"unauthenticated", 401},
      {"forbidden", 403},        {"not_found", 404},   {"rejected", 422},
      {"version_conflict", 409}, {"id_reused", 409},   {"partial_duplicate", 409},
      {"overloaded", 429},       {"unavailable", 503}, {"out_of_space", 507},
      {"timed_out", 504},        {"cancelled", 499},   {"unsupported", 501},
      {"corruption", 500},       {"internal", 500}};
  ASSERT_EQ(error_table().size(), expected.size());
  for (const ErrorTraits& row : error_table()) {
    ASSERT_TRUE(expected.contains(row.name)) << row.name;
    EXPECT_EQ(row.http_status, expected.at(row.name)) << row.name;
  }
}

TEST(ErrorTable, OnlyWhatMayPassIsRetried) {
  for (const ErrorTraits& row : error_table()) {
    if (row.retry == Retry::same) {
      EXPECT_TRUE(row.http_status == 429 || row.http_status == 499 || row.http_status >= 503)
          << row.name;
    }
  }
  EXPECT_EQ(traits(Errc::version_conflict).retry, Retry::after_read);
  EXPECT_EQ(traits(Errc::unavailable).retry, Retry::same);
  EXPECT_EQ(traits(Errc::invalid_argument).retry, Retry::never);
  EXPECT_EQ(traits(Errc::id_reused).retry, Retry::never);
}

TEST(AssertDeathTest, ABrokenInvariantStopsTheProcessAndSaysWhy) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  EXPECT_DEATH(HANSARD_ASSERT(1 + 1 == 3, "sums must hold"), "1 \\+ 1 == 3: sums must hold");
}

}  // namespace
}  // namespace hansard::core
