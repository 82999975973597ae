// The power goes at a drawn moment, under load, while recovering, flushing, compacting or swapping
// views, and whatever was not synced is lost, torn or kept. Afterwards DESIGN's promise is checked.

#include "power_loss.h"

#include <cstdio>

#include "rig.h"

namespace hansard::faults {
namespace {

TEST(PowerLoss, EveryAcknowledgedEventIsThereOnceInOrderAndNothingHalfWrittenIs) {
  const std::uint64_t rounds = number_from("HANSARD_TEST_ROUNDS", HANSARD_POWER_LOSSES);
  std::printf("seed %llu, %llu rounds\n", static_cast<unsigned long long>(seed()),
              static_cast<unsigned long long>(rounds));
  const auto report = run_power_losses(rounds, seed());
  std::printf(
      "%llu rounds, %llu losses while recovering, %llu appends acknowledged, %llu unknown "
      "(%llu of them stored), %llu events compared; the power went in:\n",
      static_cast<unsigned long long>(report.rounds),
      static_cast<unsigned long long>(report.losses_in_recovery),
      static_cast<unsigned long long>(report.acknowledged),
      static_cast<unsigned long long>(report.unknown),
      static_cast<unsigned long long>(report.unknown_stored),
      static_cast<unsigned long long>(report.events_compared));
  for (const auto& [moment, count] : report.moments) {
    std::printf("  %5llu  %s\n", static_cast<unsigned long long>(count), moment.c_str());
  }
}

}  // namespace
}  // namespace hansard::faults
