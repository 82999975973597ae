#pragma once

#include <chrono>

#include "samples.h"
#include "traffic.h"

namespace hansard::soak {

struct SoakOptions {
  TrafficOptions traffic;
  /// Of conversations like those of the traffic, written as fast as they go before anything is
  /// judged. Enough of them turn the cache of session states over: how much memory its estimate of
  /// a state stands for depends on the conversation.
  std::size_t warm_up_commands = 0;
  std::chrono::seconds duration{5};
  Limits limits;
};

/// Runs the real server under mixed traffic on a new directory, and judges it by GoogleTest's
/// expectations: nobody was refused, memory stays flat, every descriptor comes back when the
/// clients have left, and `hansard verify` finds the record sound. Prints what was measured.
void soak(const SoakOptions& options);

}  // namespace hansard::soak
