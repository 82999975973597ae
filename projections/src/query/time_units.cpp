#include "time_units.h"

#include <algorithm>
#include <chrono>

#include "core/time.h"

namespace hansard::projections::query {
namespace {

using facts::kNull;
using std::chrono::days;
using std::chrono::local_days;
using std::chrono::microseconds;

constexpr std::int64_t kMinuteUs = 60'000'000;
constexpr std::int64_t kHourUs = 60 * kMinuteUs;
constexpr std::int64_t kDayUs = 24 * kHourUs;
constexpr std::size_t kDateLength = 10;

constexpr std::int64_t floor_div(std::int64_t value, std::int64_t by) {
  return value / by - (value % by < 0 ? 1 : 0);
}

core::Timestamp at(std::int64_t us) { return core::Timestamp(microseconds(us)); }

/// Months since year 0.
std::int64_t month_of(std::int64_t day) {
  const std::chrono::year_month_day date{local_days(days(day))};
  return std::int64_t{static_cast<int>(date.year())} * 12 + static_cast<unsigned>(date.month()) - 1;
}

std::int64_t first_day_of_month(std::int64_t month) {
  const std::chrono::year_month_day first{
      std::chrono::year(static_cast<int>(floor_div(month, 12))),
      std::chrono::month(static_cast<unsigned>(month - floor_div(month, 12) * 12) + 1),
      std::chrono::day(1)};
  return local_days(first).time_since_epoch().count();
}

/// Days, weeks (from Monday) or months since 1970 or year 0.
std::int64_t unit_of_day(Dimension unit, std::int64_t day) {
  if (unit == Dimension::day) return day;
  if (unit == Dimension::week) return floor_div(day + 3, 7);  // 1970 began on a Thursday
  return month_of(day);
}

std::int64_t first_day_of(Dimension unit, std::int64_t number) {
  if (unit == Dimension::day) return number;
  if (unit == Dimension::week) return number * 7 - 3;
  return first_day_of_month(number);
}

std::int64_t length_of(Dimension unit) { return unit == Dimension::minute ? kMinuteUs : kHourUs; }
bool is_clock(Dimension unit) { return unit == Dimension::minute || unit == Dimension::hour; }

Key day_key(const Zone& zone, Dimension unit, std::int64_t number) {
  const local_days day{days(first_day_of(unit, number))};
  Key key;
  key.text = core::format_time(at(day.time_since_epoch().count() * kDayUs))
                 .substr(0, unit == Dimension::month ? kDateLength - 3 : kDateLength);
  key.order = zone.start_of(day).time_since_epoch().count();
  return key;
}

/// `2026-10-25T02:00:00+02:00`; in UTC with a Z.
Key clock_key(std::int64_t shown, std::int64_t offset, bool utc) {
  Key key;
  key.order = shown - offset;
  std::string text = core::format_time(at(shown)).substr(0, 19);
  if (utc) {
    text += 'Z';
  } else {
    const std::int64_t minutes = std::abs(offset) / kMinuteUs;
    const auto two = [](std::int64_t number) {
      return std::string{static_cast<char>('0' + number / 10),
                         static_cast<char>('0' + number % 10)};
    };
    text += (offset < 0 ? "-" : "+") + two(minutes / 60) + ":" + two(minutes % 60);
  }
  key.text = std::move(text);
  return key;
}

}  // namespace

TimeUnits::TimeUnits(const Zone& zone, Dimension unit, std::int64_t least, std::int64_t most)
    : zone_(zone), unit_(unit) {
  for (const Zone::Range& range : zone.ranges(at(least), at(most))) ranges_.push_back({range, 0});
  const Range& last = ranges_.back();
  if (is_clock(unit)) {
    length_ = length_of(unit);
    std::int64_t next = 1;
    for (Range& range : ranges_) {
      const std::int64_t begin = std::max(range.zone.begin, least) + range.zone.offset;
      const std::int64_t end = std::min(range.zone.end - 1, most) + range.zone.offset;
      firsts_.push_back(next);
      range.shift = next - floor_div(begin, length_);
      if (end >= begin) next += floor_div(end, length_) - floor_div(begin, length_) + 1;
    }
    space_ = static_cast<std::uint64_t>(next);
    return;
  }
  // A change of clocks may show the day before once more.
  first_day_ = floor_div(least + ranges_.front().zone.offset, kDayUs) - 1;
  const std::int64_t last_day = floor_div(most + last.zone.offset, kDayUs) + 1;
  first_unit_ = unit_of_day(unit, first_day_);
  by_day_.reserve(static_cast<std::size_t>(last_day - first_day_ + 1));
  for (std::int64_t day = first_day_; day <= last_day; ++day) {
    by_day_.push_back(static_cast<std::uint32_t>(unit_of_day(unit, day) - first_unit_ + 1));
  }
  space_ = std::uint64_t{by_day_.back()} + 1;
}

const TimeUnits::Range& TimeUnits::range_of(std::int64_t time) const {
  const auto after = std::partition_point(
      ranges_.begin(), ranges_.end(), [&](const Range& range) { return range.zone.end <= time; });
  return after == ranges_.end() ? ranges_.back() : *after;
}

void TimeUnits::codes(std::span<const std::int64_t> times, std::uint64_t* out) const {
  // Rows are nearly in the order of time: the range that held for one holds for the next.
  const Range* range = ranges_.data();
  const bool clock = is_clock(unit_);
  for (const std::int64_t time : times) {
    if (time == kNull) {
      *out++ = 0;
      continue;
    }
    if (time < range->zone.begin || time >= range->zone.end) range = &range_of(time);
    const std::int64_t shown = time + range->zone.offset;
    if (clock) {
      // Each length by itself, so that dividing is multiplying.
      const std::int64_t unit =
          unit_ == Dimension::hour ? floor_div(shown, kHourUs) : floor_div(shown, kMinuteUs);
      *out++ = static_cast<std::uint64_t>(unit + range->shift);
    } else {
      *out++ = by_day_[static_cast<std::size_t>(floor_div(shown, kDayUs) - first_day_)];
    }
  }
}

Key TimeUnits::key(std::uint64_t code) const {
  const auto number = static_cast<std::int64_t>(code);
  if (!is_clock(unit_)) return day_key(zone_, unit_, first_unit_ + number - 1);
  const auto after = std::upper_bound(firsts_.begin(), firsts_.end(), number);
  const Range& range = ranges_[static_cast<std::size_t>(after - firsts_.begin()) - 1];
  return clock_key((number - range.shift) * length_, range.zone.offset, zone_.name() == "UTC");
}

std::int64_t unit_number(const Zone& zone, Dimension unit, core::Timestamp time) {
  const std::int64_t shown = zone.shown(time).time_since_epoch().count();
  if (is_clock(unit)) return floor_div(shown, length_of(unit));
  return unit_of_day(unit, floor_div(shown, kDayUs));
}

Key unit_key(const Zone& zone, Dimension unit, std::int64_t number) {
  if (!is_clock(unit)) return day_key(zone, unit, number);
  const std::int64_t shown = number * length_of(unit);
  // What the clocks are ahead then, nearly: enough for a name.
  const auto there = at(shown);
  const auto guess = there - (zone.shown(there) - there);
  const std::int64_t offset = (zone.shown(guess) - guess).count();
  return clock_key(shown, offset, zone.name() == "UTC");
}

}  // namespace hansard::projections::query
