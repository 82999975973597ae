#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.h"
#include "core/time.h"

namespace date {
class time_zone;
}

namespace hansard::projections::query {

/// A time zone of the IANA database. A cheap value; thread-safe.
class Zone {
 public:
  Zone() = default;  ///< UTC
  /// Errors: invalid_argument with field `zone` (no such zone), unsupported (the system has no
  /// database of zones). Cost: the first time some milliseconds, for the system's list.
  static core::Result<Zone> named(std::string_view name);

  /// `UTC`, or as it was asked for.
  [[nodiscard]] const std::string& name() const { return name_; }

  /// While its clocks are `offset` ahead of UTC. Microseconds since 1970; `end` is left out.
  struct Range {
    std::int64_t begin = 0;
    std::int64_t end = 0;
    std::int64_t offset = 0;
  };
  /// What holds from `from` to `to`, in order, without gaps, reaching beyond both. Before 1900 and
  /// after 2200 an offset stays as it is.
  [[nodiscard]] std::vector<Range> ranges(core::Timestamp from, core::Timestamp to) const;

  /// The day that its clocks and calendars show.
  [[nodiscard]] std::chrono::local_days day_of(core::Timestamp time) const;
  /// The first moment of a day; where clocks skip midnight, the moment they do.
  [[nodiscard]] core::Timestamp start_of(std::chrono::local_days day) const;
  /// What its clocks show, as if they were in UTC.
  [[nodiscard]] core::Timestamp shown(core::Timestamp time) const;

 private:
  const date::time_zone* zone_ = nullptr;  ///< nullptr: UTC. The library keeps it for ever.
  std::string name_ = "UTC";
};

}  // namespace hansard::projections::query
