#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>

#include "soak.h"

namespace hansard::soak {
namespace {

/// Minutes: 10, or what HANSARD_TEST_ROUNDS says, up to an hour.
std::chrono::minutes length() {
  const char* chosen = std::getenv("HANSARD_TEST_ROUNDS");
  const std::uint64_t minutes = chosen != nullptr ? std::strtoull(chosen, nullptr, 10) : 10;
  return std::chrono::minutes(std::clamp<std::uint64_t>(minutes, 1, 60));
}

TEST(Soak, MemoryStaysFlatAndNoDescriptorLeaksUnderMixedTraffic) {
  SoakOptions options;
  options.warm_up_commands = 400'000;
  options.duration = length();
  options.limits.growth_mb_per_minute_max = 4;
  soak(options);
}

}  // namespace
}  // namespace hansard::soak
