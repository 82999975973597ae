#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "disk.h"

namespace hansard::faults {

/// A fault that begins in one step of a script and is over some time later.
struct PlannedFault {
  const char* name;
  /// Sets `disk` up to fail in the step of that number.
  std::function<void(Disk& disk, std::uint64_t step)> arm;
  /// Ends it; nothing for those that end by themselves.
  std::function<void(Disk& disk)> heal;
};

/// Steps of a run in which nothing fails.
std::uint64_t count_write_points();

/// Runs a script (create, append, flush, build and rebuild a view, close, open again, append) on a
/// disk that fails in `step`, sending again whatever was not answered; heals the fault after some
/// refusals, and compares in the end: as it is, and after a power loss.
/// Failures are reported to GoogleTest.
void run_with_fault(const PlannedFault& fault, std::uint64_t step);

}  // namespace hansard::faults
