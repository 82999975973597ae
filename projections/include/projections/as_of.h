#pragma once

#include <cstdint>
#include <string_view>

#include "core/position.h"
#include "core/result.h"
#include "core/time.h"

namespace hansard::projections {

/// Up to where a stream is read. Every bound is inclusive: as of version 7 is what the stream said
/// when its event 7 had just been recorded.
struct AsOf {
  enum class Kind : std::uint8_t { head, version, position, time };
  Kind kind = Kind::head;
  core::Version version{};    ///< `version` only
  core::Position position{};  ///< `position` only
  core::Timestamp time{};     ///< `time` only; compared with `recorded_at`

  static AsOf head() { return {}; }
  static AsOf at(core::Version version) { return {Kind::version, version, {}, {}}; }
  static AsOf at(core::Position position) { return {Kind::position, {}, position, {}}; }
  static AsOf at(core::Timestamp time) { return {Kind::time, {}, {}, time}; }
  bool operator==(const AsOf&) const = default;
};

/// Reads what users write for `as_of`: `head`, `version:7` (or just `7`), `position:120`, or a time
/// in RFC 3339. Errors: invalid_argument with field `as_of`.
core::Result<AsOf> parse_as_of(std::string_view text);

/// The last event that an answer includes.
struct Moment {
  core::Version version;
  core::Position position;
  core::Timestamp recorded_at;
};

}  // namespace hansard::projections
