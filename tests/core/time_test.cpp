#include "core/time.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <limits>
#include <random>

#include "ossl/clock.h"
#include "support/events.h"

namespace hansard::core {
namespace {

using support::at_us;

TEST(Time, IsWrittenWithSixDecimalsInUtc) {
  EXPECT_EQ(format_time(at_us(0)), "1970-01-01T00:00:00.000000Z");
  EXPECT_EQ(format_time(at_us(-1)), "1969-12-31T23:59:59.999999Z");
  EXPECT_EQ(format_time(at_us(1'795'249'800'000'001)), "2026-11-21T08:30:00.000001Z");
}

TEST(Time, BeyondFourDigitYearsIsClamped) {
  EXPECT_EQ(format_time(at_us(std::numeric_limits<std::int64_t>::max())),
            "9999-12-31T23:59:59.999999Z");
  EXPECT_EQ(format_time(at_us(std::numeric_limits<std::int64_t>::min())),
            "0000-01-01T00:00:00.000000Z");
}

TEST(Time, ReadsRfc3339WithAnyOffsetAndUpToNineDecimals) {
  const Timestamp half_past_eight = at_us(1'795'249'800'000'000);
  for (const char* text :
       {"2026-11-21T08:30:00Z", "2026-11-21t08:30:00z", "2026-11-21 08:30:00Z",
        "2026-11-21T08:30:00.0Z", "2026-11-21T08:30:00.000000000Z", "2026-11-21T09:30:00+01:00",
        "2026-11-21T03:00:00-05:30", "2026-11-21T08:30:00-00:00", "2026-11-22T08:29:00+23:59",
        "2026-11-21T08:30:00.000000999Z"}) {
    const auto parsed = parse_time(text);
    ASSERT_TRUE(parsed) << text << ": " << parsed.error().message;
    EXPECT_EQ(*parsed, half_past_eight) << text;
  }
  EXPECT_EQ(parse_time("2026-11-21T08:30:00.5Z").value(),
            half_past_eight + std::chrono::milliseconds(500));
  EXPECT_EQ(parse_time("2024-02-29T00:00:00Z").value(), at_us(1'709'164'800'000'000));
}

TEST(Time, ALeapSecondIsTheNextMinute) {
  EXPECT_EQ(parse_time("2016-12-31T23:59:60Z").value(), parse_time("2017-01-01T00:00:00Z").value());
  EXPECT_FALSE(parse_time("2016-12-31T23:58:60Z"));
}

TEST(Time, RefusesEverythingElse) {
  for (const char* text : {"",
                           "now",
                           "1795249800",
                           "2026-11-21",
                           "2026-11-21T08:30Z",
                           "2026-11-21T08:30:00",
                           "2026-11-21T08:30:00.Z",
                           "2026-11-21T08:30:00.0000000000Z",
                           "2026-11-21T08:30:00+0100",
                           "2026-11-21T08:30:00+01",
                           "2026-11-21T08:30:00Zx",
                           " 2026-11-21T08:30:00Z",
                           "2026-11-21T24:00:00Z",
                           "2026-11-21T08:60:00Z",
                           "2026-11-21T08:30:61Z",
                           "2026-02-29T08:30:00Z",
                           "2026-13-01T08:30:00Z",
                           "2026-00-01T08:30:00Z",
                           "2026-04-31T08:30:00Z",
                           "2026-11-21T08:30:00+24:00",
                           "+2026-11-21T08:30:00Z",
                           "12026-11-21T08:30:00Z",
                           "0000-01-01T00:00:00+01:00",
                           "9999-12-31T23:59:59-01:00"}) {
    const auto parsed = parse_time(text);
    ASSERT_FALSE(parsed) << text;
    EXPECT_EQ(parsed.error().code, Errc::invalid_argument);
  }
}

TEST(Time, ReadingUndoesWriting) {
  std::mt19937_64 random(7);
  std::uniform_int_distribution<std::int64_t> moments(-62'167'219'200'000'000,
                                                      253'402'300'799'999'999);
  for (int i = 0; i < 2000; ++i) {
    const Timestamp time = at_us(moments(random));
    ASSERT_EQ(parse_time(format_time(time)).value(), time) << format_time(time);
  }
}

TEST(Time, TheSystemClockShowsThisCentury) {
  const ossl::SystemClock clock{};
  const auto now = clock.now();
  EXPECT_GT(now, parse_time("2020-01-01T00:00:00Z").value());
  EXPECT_LT(now, parse_time("2120-01-01T00:00:00Z").value());
}

}  // namespace
}  // namespace hansard::core
