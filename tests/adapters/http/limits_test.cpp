#include "http/limits.h"

#include <gtest/gtest.h>

#include <set>

#include "core/event_log.h"

namespace hansard::http {
namespace {

TEST(Limits, EachRowStandsWhereItsEnumeratorSays) {
  ASSERT_EQ(limit_table().size(), kLimitCount);
  std::set<std::string_view> names;
  for (std::size_t i = 0; i < kLimitCount; ++i) {
    const LimitRow& row = limit_table()[i];
    EXPECT_EQ(static_cast<std::size_t>(row.limit), i);
    EXPECT_TRUE(names.insert(row.name).second) << row.name;
    EXPECT_LE(row.lowest, row.fallback) << row.name;
    EXPECT_LE(row.fallback, row.highest) << row.name;
    EXPECT_FALSE(row.doc.empty()) << row.name;
  }
}

TEST(Limits, DefaultsAreThoseOfTheDesign) {
  const Limits limits;
  EXPECT_EQ(limits[Limit::body_bytes], 32U << 20);
  EXPECT_EQ(limits[Limit::event_bytes], 16U << 20);
  EXPECT_EQ(limits[Limit::batch_records], 1024U);
  EXPECT_EQ(limits[Limit::line_bytes], 16U << 20);
  EXPECT_EQ(limits[Limit::json_depth], 128U);
  EXPECT_EQ(limits[Limit::connections], 1024U);
  EXPECT_EQ(limits[Limit::header_bytes], 64U << 10);
  EXPECT_EQ(limits[Limit::target_bytes], 8U << 10);
}

TEST(Limits, AreSetByNameWithinTheirRange) {
  Limits limits;
  ASSERT_TRUE(limits.set("connections", 2));
  EXPECT_EQ(limits[Limit::connections], 2U);
  const auto zero = limits.set("connections", 0);
  ASSERT_FALSE(zero);
  EXPECT_EQ(zero.error().code, core::Errc::invalid_argument);
  EXPECT_EQ(zero.error().field, "limits.connections");
  EXPECT_EQ(limits[Limit::connections], 2U);
  const auto above = limits.set("batch_records", core::kMaxAppendRecords + 1);
  ASSERT_FALSE(above) << "the log would refuse it anyway";
  EXPECT_EQ(limits.set("no_such", 1).error().field, "limits.no_such");
}

TEST(Limits, AnErrorNamesTheLimitAndItsValue) {
  Limits limits;
  ASSERT_TRUE(limits.set("body_bytes", 2048));
  const core::Error error = limit_error(limits, Limit::body_bytes);
  EXPECT_EQ(error.code, core::Errc::too_large);
  EXPECT_NE(error.message.find("body_bytes = 2048"), std::string::npos) << error.message;
}

}  // namespace
}  // namespace hansard::http
