#pragma once

#include <optional>
#include <string_view>

#include "projections/query/query.h"

namespace hansard::projections::query {

struct Period {
  std::optional<core::Timestamp> from;
  std::optional<core::Timestamp> to;
};

/// `count` whole days, weeks (from Monday) or months: the one that is under way (`count` 0, open
/// towards the future), or those before it.
Period calendar_period(const Zone& zone, core::Timestamp now, Dimension unit, std::int64_t count);

/// What `compare previous` puts beside a period: as many months before when both ends begin one, or
/// days, of the zone; else as long before.
Period previous_period(const Zone& zone, core::Timestamp from, core::Timestamp to);

/// `7d`, `90m`; microseconds. Units: s m h d w.
std::optional<std::int64_t> span_us(std::string_view text);

}  // namespace hansard::projections::query
