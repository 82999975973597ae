#include "http/pace.h"

#include <charconv>
#include <cstdint>

#include "events/json.h"
#include "shared/query.h"

namespace hansard::http {

using std::chrono::microseconds;
using std::chrono::milliseconds;

namespace {

constexpr double kSlowest = 0.001;
constexpr double kFastest = 1e6;
constexpr milliseconds kLongestGap = std::chrono::hours(1);

}  // namespace

microseconds gap_between(const Happened& before, const Happened& event, const Pace& pace) {
  const bool both = before.occurred && event.occurred;
  const microseconds apart =
      both ? *event.occurred - *before.occurred : event.recorded - before.recorded;
  if (apart.count() <= 0) return microseconds(0);
  const microseconds most = pace.max_gap;
  const double scaled = static_cast<double>(apart.count()) / pace.speed;
  // Compared before it is converted: years at a low speed are beyond an integer.
  if (scaled >= static_cast<double>(most.count())) return most;
  return microseconds(static_cast<std::int64_t>(scaled));
}

core::Result<double> parse_speed(std::string_view text) {
  if (!text.empty() && text.back() == 'x') text.remove_suffix(1);
  double speed = 0;
  const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), speed);
  const bool read = failed == std::errc() && end == text.data() + text.size();
  if (!read || !(speed >= kSlowest && speed <= kFastest)) {
    return events::bad_field("speed",
                             "expected a factor like 2 or 0.5x, 0.001 to 1000000; a max_gap of 0 "
                             "does not wait at all");
  }
  return speed;
}

core::Result<milliseconds> parse_gap(std::string_view text) {
  std::int64_t unit = 1;
  if (text.size() > 2 && text.substr(text.size() - 2) == "ms") {
    text.remove_suffix(2);
  } else if (!text.empty() && (text.back() == 's' || text.back() == 'm')) {
    unit = text.back() == 's' ? 1000 : 60'000;
    text.remove_suffix(1);
  }
  const auto value = parse_digits(text);
  if (!value || *value > static_cast<std::uint64_t>(kLongestGap.count() / unit)) {
    return events::bad_field("max_gap", "expected a time like 500ms, 2s or 1m, up to an hour");
  }
  return milliseconds(static_cast<std::int64_t>(*value) * unit);
}

}  // namespace hansard::http
