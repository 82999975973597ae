#include "projections/query/zone.h"

#include <date/tz.h>

#include <algorithm>
#include <exception>
#include <limits>

namespace hansard::projections::query {
namespace {

using std::chrono::microseconds;
using std::chrono::seconds;

// The library takes a time per change of clocks: tables stay below a thousand rows.
constexpr std::int64_t kFirst = -2'208'988'800;  // 1900, in seconds
constexpr std::int64_t kLast = 7'258'118'400;    // 2200
constexpr std::int64_t kEver = std::numeric_limits<std::int64_t>::max();
constexpr std::size_t kNameMax = 64;

std::int64_t us(std::int64_t whole_seconds) { return whole_seconds * 1'000'000; }

date::sys_info info_at(const date::time_zone& zone, core::Timestamp time) {
  const auto at = std::chrono::floor<seconds>(time).time_since_epoch().count();
  return zone.get_info(date::sys_seconds(seconds(std::clamp(at, kFirst, kLast - 1))));
}

}  // namespace

core::Result<Zone> Zone::named(std::string_view name) {
  const auto unknown = [&] {
    return core::Error{core::Errc::invalid_argument,
                       "zone: there is no time zone \"" + std::string(name.substr(0, kNameMax)) +
                           "\"; names are like Europe/Berlin, and UTC",
                       "zone"};
  };
  Zone zone;
  if (name == "UTC") return zone;
  if (name.empty() || name.size() > kNameMax) return unknown();
  try {
    date::get_tzdb();
  } catch (const std::exception& none) {
    return core::Error{
        core::Errc::unsupported,
        "zone: this system has no time zones (package tzdata): " + std::string(none.what()),
        "zone"};
  }
  try {
    zone.zone_ = date::locate_zone(name);
  } catch (const std::exception&) {
    return unknown();
  }
  zone.name_ = name;
  return zone;
}

std::vector<Zone::Range> Zone::ranges(core::Timestamp from, core::Timestamp to) const {
  if (zone_ == nullptr) return {{-kEver, kEver, 0}};
  std::vector<Range> out;
  const std::int64_t end =
      std::min(std::chrono::floor<seconds>(to).time_since_epoch().count(), kLast - 1);
  std::int64_t at =
      std::clamp(std::chrono::floor<seconds>(from).time_since_epoch().count(), kFirst, kLast - 1);
  for (;;) {
    const auto info = zone_->get_info(date::sys_seconds(seconds(at)));
    const std::int64_t next = info.end.time_since_epoch().count();
    if (!out.empty()) out.back().end = us(at);
    const std::int64_t begin = out.empty() ? -kEver : us(at);
    const std::int64_t offset = us(info.offset.count());
    if (!out.empty() && out.back().offset == offset) {
      out.back().end = kEver;  // only the zone's abbreviation changed
    } else {
      out.push_back({begin, kEver, offset});
    }
    if (next > end || next <= at || next >= kLast) return out;
    at = next;
  }
}

core::Timestamp Zone::shown(core::Timestamp time) const {
  return zone_ == nullptr ? time : time + info_at(*zone_, time).offset;
}

std::chrono::local_days Zone::day_of(core::Timestamp time) const {
  return std::chrono::local_days(
      std::chrono::floor<std::chrono::days>(shown(time)).time_since_epoch());
}

core::Timestamp Zone::start_of(std::chrono::local_days day) const {
  const core::Timestamp midnight{microseconds(day.time_since_epoch())};
  if (zone_ == nullptr) return midnight;
  const auto at = std::chrono::duration_cast<seconds>(day.time_since_epoch()).count();
  if (at < kFirst || at >= kLast) return midnight - info_at(*zone_, midnight).offset;
  const auto info = zone_->get_info(date::local_seconds(seconds(at)));
  // `first` is the earlier of two, and where there is none, what held before the gap: then clocks
  // go from before midnight to after it at the end of `first`.
  if (info.result == date::local_info::nonexistent) {
    return core::Timestamp(microseconds(info.first.end.time_since_epoch()));
  }
  return midnight - info.first.offset;
}

}  // namespace hansard::projections::query
