#include "calendar.h"

#include <charconv>

namespace hansard::projections::query {
namespace {

using std::chrono::days;
using std::chrono::local_days;
using std::chrono::microseconds;
using std::chrono::months;
using std::chrono::year_month;
using std::chrono::year_month_day;

local_days begin_of(Dimension unit, local_days day) {
  if (unit == Dimension::week) {
    const std::chrono::weekday weekday(day);
    return day - (weekday - std::chrono::Monday);
  }
  if (unit != Dimension::month) return day;
  const year_month_day date(day);
  return local_days(date.year() / date.month() / 1);
}

local_days before(Dimension unit, local_days begin, std::int64_t count) {
  if (unit == Dimension::month) {
    const year_month_day date(begin);
    const year_month month = date.year() / date.month();
    return local_days((month - months(static_cast<int>(count))) / 1);
  }
  return begin - days(static_cast<int>(count) * (unit == Dimension::week ? 7 : 1));
}

}  // namespace

Period calendar_period(const Zone& zone, core::Timestamp now, Dimension unit, std::int64_t count) {
  const local_days begin = begin_of(unit, zone.day_of(now));
  if (count == 0) return {zone.start_of(begin), std::nullopt};
  return {zone.start_of(before(unit, begin, count)), zone.start_of(begin)};
}

Period previous_period(const Zone& zone, core::Timestamp from, core::Timestamp to) {
  const local_days first = zone.day_of(from);
  const local_days end = zone.day_of(to);
  const bool whole = zone.start_of(first) == from && zone.start_of(end) == to;
  if (!whole) return {from - (to - from), from};
  const year_month_day a(first);
  const year_month_day b(end);
  if (a.day() == std::chrono::day(1) && b.day() == std::chrono::day(1)) {
    const auto count = (b.year() / b.month() - a.year() / a.month()).count();
    return {zone.start_of(before(Dimension::month, first, count)), from};
  }
  return {zone.start_of(first - (end - first)), from};
}

std::optional<std::int64_t> span_us(std::string_view text) {
  constexpr std::int64_t kSpanMax = 1'000'000;  // of any unit: what is longer is a slip
  if (text.size() < 2) return std::nullopt;
  std::int64_t count = 0;
  const char* const end = text.data() + text.size() - 1;
  const auto [stop, error] = std::from_chars(text.data(), end, count);
  if (error != std::errc() || stop != end || count < 1 || count > kSpanMax) return std::nullopt;
  switch (text.back()) {
    case 's':
      return count * 1'000'000;
    case 'm':
      return count * 60'000'000;
    case 'h':
      return count * 3'600'000'000;
    case 'd':
      return count * 86'400'000'000;
    case 'w':
      return count * 604'800'000'000;
    default:
      return std::nullopt;
  }
}

}  // namespace hansard::projections::query
