#pragma once

#include <chrono>
#include <string>
#include <string_view>

#include "core/result.h"

namespace hansard::core {

/// A moment in UTC, in microseconds since 1970-01-01 (stored as a signed 64-bit number).
using Timestamp = std::chrono::sys_time<std::chrono::microseconds>;

/// RFC 3339 in UTC with six decimals: `2026-11-21T08:30:00.000000Z`. Years 0000..9999; others
/// clamp.
std::string format_time(Timestamp time);

/// Parses RFC 3339 with any offset and up to nine decimals (truncated to microseconds).
/// Errors: invalid_argument.
Result<Timestamp> parse_time(std::string_view text);

/// Wall clock, as a port: only the edge (adapters) looks at it.
class Clock {
 public:
  virtual ~Clock() = default;
  [[nodiscard]] virtual Timestamp now() const = 0;
};

}  // namespace hansard::core
