#pragma once

#include <chrono>

#include "samples.h"
#include "traffic.h"

namespace hansard::soak {

struct SoakOptions {
  TrafficOptions traffic;
  /// Messages written before anything is judged, as fast as they go, and then read: caches that
  /// are meant to fill up are full afterwards.
  std::size_t warm_up_messages = 0;
  std::chrono::seconds duration{5};
  Limits limits;
};

/// Runs the real server under mixed traffic on a new directory, and judges it by GoogleTest's
/// expectations: nobody was refused, memory stays flat, every descriptor comes back when the
/// clients have left, and `hansard verify` finds the record sound. Prints what was measured.
void soak(const SoakOptions& options);

}  // namespace hansard::soak
