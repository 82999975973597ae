#include "events/pricing/raw_usage.h"

#include <gtest/gtest.h>

#include <limits>
#include <random>

#include "events/pricing/dollars.h"

namespace hansard::events::pricing {
namespace {

TEST(Dollars, AreReadExactly) {
  EXPECT_EQ(pico_from_dollars("1"), 1'000'000'000'000);
  EXPECT_EQ(pico_from_dollars("0.054399"), 54'399'000'000);
  EXPECT_EQ(pico_from_dollars("-0.5"), -500'000'000'000);
  EXPECT_EQ(pico_from_dollars("4.5e-7"), 450'000);
  EXPECT_EQ(pico_from_dollars("1.25E+1"), 12'500'000'000'000);
  EXPECT_EQ(pico_from_dollars("0.0000000000015"), 2);
  EXPECT_EQ(pico_from_dollars("0.0000000000014999"), 1);
  EXPECT_EQ(pico_from_dollars("0.00000000000049"), 0);
  EXPECT_EQ(pico_from_dollars("1e-400"), 0);
  EXPECT_EQ(pico_from_dollars("0e999999"), 0);
  EXPECT_EQ(pico_from_dollars("9223372.036854775807"), std::numeric_limits<PicoUsd>::max());
  for (const char* bad : {"", "-", "1.", ".5", "1e", "1x", "9223372.036854775808", "1e400", "$1"}) {
    EXPECT_EQ(pico_from_dollars(bad), std::nullopt) << bad;
  }
}

TEST(Dollars, AreWrittenExactlyOrRounded) {
  EXPECT_EQ(exact_dollars(0), "0");
  EXPECT_EQ(exact_dollars(54'399'000'000), "0.054399");
  EXPECT_EQ(exact_dollars(-1), "-0.000000000001");
  EXPECT_EQ(exact_dollars(WidePicoUsd{100'000'000'000'000} * 1'000'000), "100000000");
  EXPECT_EQ(rounded_dollars(54'399'000'000, 4), "0.0544");
  EXPECT_EQ(rounded_dollars(54'399'000'000, 0), "0");
  EXPECT_EQ(rounded_dollars(-4'000'000'000, 2), "0.00");
  EXPECT_EQ(rounded_dollars(-5'000'000'000, 2), "-0.01");
  EXPECT_EQ(rounded_dollars(1'999'999'999'999, 2), "2.00");
  EXPECT_EQ(rounded_dollars(1'500'000'000'000, 0), "2");
}

TEST(Dollars, ComeBackAsTheyWere) {
  constexpr std::uint64_t kDollarSeed = 7;
  std::mt19937_64 engine(kDollarSeed);
  for (int round = 0; round < 20'000; ++round) {
    const auto pico = static_cast<PicoUsd>(engine() >> (engine() % 64));
    ASSERT_EQ(pico_from_dollars(exact_dollars(pico)), pico) << "seed " << kDollarSeed;
  }
}

RawUsage raw_from(const char* text) {
  const auto json = parse_json(text);
  return json ? read_raw_usage(*json) : RawUsage{};
}

TEST(RawUsage, TellsTierPlaceAndUnits) {
  const RawUsage priority = raw_from(
      R"({"input_tokens":3,"service_tier":"priority","inference_geo":"us",
          "server_tool_use":{"web_search_requests":2}})");
  EXPECT_EQ(priority.tier, ServiceTier::priority);
  EXPECT_EQ(priority.region, "us");
  EXPECT_EQ(priority.units[static_cast<std::size_t>(Unit::web_search)], 2U);
  EXPECT_EQ(priority.conditions().tier, ServiceTier::priority);
  EXPECT_EQ(raw_from(R"({"service_tier":"standard","speed":"fast"})").tier, ServiceTier::fast);
  EXPECT_EQ(raw_from(R"({"inference_geo":"not_available"})").region, "");
  EXPECT_EQ(raw_from(R"({"service_tier":"golden"})").tier, std::nullopt);
  EXPECT_EQ(raw_from("{}"), RawUsage{});
  EXPECT_EQ(raw_from("[3]"), RawUsage{});
  EXPECT_EQ(raw_from(R"({"service_tier":3,"cost":"much","server_tool_use":[1]})"), RawUsage{});
}

TEST(RawUsage, TellsWhatTheProviderCharges) {
  EXPECT_EQ(raw_from(R"({"cost":0.00014})").reported, 140'000'000);
  EXPECT_EQ(raw_from(R"({"cost":{"total_cost":0.006}})").reported, 6'000'000'000);
  EXPECT_EQ(raw_from(R"({"estimated_cost":4.5e-7})").reported, 450'000);
  EXPECT_EQ(raw_from(R"({"cost_in_usd_ticks":37756000})").reported, 3'775'600'000);
  EXPECT_EQ(raw_from(R"({"cost":null})").reported, std::nullopt);
}

}  // namespace
}  // namespace hansard::events::pricing
