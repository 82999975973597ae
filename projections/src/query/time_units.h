#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "projections/query/execute.h"
#include "projections/query/zone.h"

namespace hansard::projections::query {

/// Numbers minutes, hours, days, weeks or months of a zone from 1; 0 is no time. Days have 23 to 25
/// hours; an hour that clocks show twice is two hours. Immutable.
class TimeUnits {
 public:
  TimeUnits() = default;
  /// @param least,most  of the times that will be asked about; least <= most.
  TimeUnits(const Zone& zone, Dimension unit, std::int64_t least, std::int64_t most);

  /// One more than the largest number.
  [[nodiscard]] std::uint64_t space() const { return space_; }
  /// Cost: about two nanoseconds a time.
  void codes(std::span<const std::int64_t> times, std::uint64_t* out) const;
  /// Name and first moment. @pre code is not 0.
  [[nodiscard]] Key key(std::uint64_t code) const;

 private:
  struct Range {
    Zone::Range zone;
    std::int64_t shift = 0;  ///< added to the number of a minute or hour since 1970 by its clocks
  };
  [[nodiscard]] const Range& range_of(std::int64_t time) const;

  Zone zone_;
  Dimension unit_ = Dimension::day;
  std::uint64_t space_ = 1;
  std::int64_t length_ = 0;  ///< of a minute or an hour
  std::vector<Range> ranges_;
  std::vector<std::int64_t> firsts_;  ///< code of each range's first minute or hour
  std::int64_t first_day_ = 0;
  std::vector<std::uint32_t> by_day_;  ///< of days, weeks and months: code by day
  std::int64_t first_unit_ = 0;        ///< day, week or month number that code 1 stands for
};

/// The number of a time's unit, counted by the zone's clocks: of two periods alike the units can be
/// put side by side.
std::int64_t unit_number(const Zone& zone, Dimension unit, core::Timestamp time);
/// The unit of that number.
Key unit_key(const Zone& zone, Dimension unit, std::int64_t number);

}  // namespace hansard::projections::query
