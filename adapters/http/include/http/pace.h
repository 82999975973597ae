#pragma once

#include <chrono>
#include <optional>
#include <string_view>

#include "core/result.h"
#include "core/time.h"

namespace hansard::http {

/// How fast a conversation is replayed.
struct Pace {
  double speed = 1;                         ///< 2: twice as fast
  std::chrono::milliseconds max_gap{5000};  ///< longest wait between two events
};

/// When something happened, as far as is known.
struct Happened {
  core::Timestamp recorded;
  std::optional<core::Timestamp> occurred;
};

/// The wait before an event after the one before it: what lay between their `occurred_at`, or their
/// `recorded_at` where one has none; divided by the speed, at most `max_gap`. Times that go
/// backwards are no wait.
std::chrono::microseconds gap_between(const Happened& before, const Happened& event,
                                      const Pace& pace);

/// `2`, `0.5`, `2x`; 0.001 to 1000000. Errors: invalid_argument, field `speed`.
core::Result<double> parse_speed(std::string_view text);
/// `2s`, `500ms`, `1m`, or milliseconds; up to an hour. Errors: invalid_argument, field `max_gap`.
core::Result<std::chrono::milliseconds> parse_gap(std::string_view text);

}  // namespace hansard::http
