#include "core/time.h"

#include <algorithm>
#include <cstdio>

namespace hansard::core {
namespace {

using std::chrono::days;
using std::chrono::microseconds;
using std::chrono::sys_days;

constexpr Timestamp kFirst = sys_days{std::chrono::year{0} / 1 / 1};
constexpr Timestamp kLast = sys_days{std::chrono::year{9999} / 12 / 31} + days{1} - microseconds{1};

/// Reads the fields of one time from left to right; any miss makes it fail for good.
class Reader {
 public:
  explicit Reader(std::string_view text) : rest_(text) {}

  int digits(std::size_t count, int low, int high) {
    int value = 0;
    if (rest_.size() < count) return fail();
    for (std::size_t i = 0; i < count; ++i) {
      if (rest_[i] < '0' || rest_[i] > '9') return fail();
      value = value * 10 + (rest_[i] - '0');
    }
    rest_.remove_prefix(count);
    return value < low || value > high ? fail() : value;
  }
  char one_of(std::string_view choices) {
    if (rest_.empty() || choices.find(rest_.front()) == std::string_view::npos) {
      fail();
      return '\0';
    }
    const char taken = rest_.front();
    rest_.remove_prefix(1);
    return taken;
  }
  /// `.` and one to nine digits, if present; digits beyond the sixth are dropped.
  microseconds fraction() {
    if (rest_.empty() || rest_.front() != '.') return microseconds{0};
    rest_.remove_prefix(1);
    std::size_t count = 0;
    int value = 0;
    while (count < rest_.size() && rest_[count] >= '0' && rest_[count] <= '9') {
      if (count < 6) value = value * 10 + (rest_[count] - '0');
      ++count;
    }
    if (count == 0 || count > 9) {
      fail();
      return microseconds{0};
    }
    rest_.remove_prefix(count);
    for (; count < 6; ++count) value *= 10;
    return microseconds{value};
  }
  [[nodiscard]] bool finished() const { return good_ && rest_.empty(); }

 private:
  int fail() {
    good_ = false;
    rest_ = {};
    return 0;
  }
  std::string_view rest_;
  bool good_ = true;
};

Error bad_time(std::string_view text, const char* reason) {
  std::string shown;
  for (const char c : text.substr(0, 40)) shown += (c >= 0x20 && c < 0x7f) ? c : '?';
  return Error{Errc::invalid_argument, "'" + shown + "' is not an RFC 3339 time: " + reason};
}

}  // namespace

std::string format_time(Timestamp time) {
  time = std::clamp(time, kFirst, kLast);
  const auto day = std::chrono::floor<days>(time);
  const std::chrono::year_month_day date{day};
  const std::chrono::hh_mm_ss<microseconds> clock{time - day};
  char out[48];
  const int length = std::snprintf(
      out, sizeof out, "%04d-%02u-%02uT%02d:%02d:%02d.%06dZ", static_cast<int>(date.year()),
      static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
      static_cast<int>(clock.hours().count()), static_cast<int>(clock.minutes().count()),
      static_cast<int>(clock.seconds().count()), static_cast<int>(clock.subseconds().count()));
  return std::string(out, static_cast<std::size_t>(length));
}

Result<Timestamp> parse_time(std::string_view text) {
  Reader reader(text);
  const int year = reader.digits(4, 0, 9999);
  reader.one_of("-");
  const int month = reader.digits(2, 1, 12);
  reader.one_of("-");
  const int day = reader.digits(2, 1, 31);
  reader.one_of("Tt ");
  const int hour = reader.digits(2, 0, 23);
  reader.one_of(":");
  const int minute = reader.digits(2, 0, 59);
  reader.one_of(":");
  const int second = reader.digits(2, 0, minute == 59 ? 60 : 59);  // 60: a leap second
  const microseconds fraction = reader.fraction();
  const char sign = reader.one_of("Zz+-");
  std::chrono::minutes offset{0};
  if (sign == '+' || sign == '-') {
    const int offset_hours = reader.digits(2, 0, 23);
    reader.one_of(":");
    const int offset_minutes = reader.digits(2, 0, 59);
    offset = std::chrono::minutes{offset_hours * 60 + offset_minutes};
    if (sign == '-') offset = -offset;
  }
  if (!reader.finished()) return bad_time(text, "expected like 2026-11-21T08:30:00.000000Z");

  const std::chrono::year_month_day date{std::chrono::year{year},
                                         std::chrono::month{static_cast<unsigned>(month)},
                                         std::chrono::day{static_cast<unsigned>(day)}};
  if (!date.ok()) return bad_time(text, "there is no such day");
  // A leap second is the first instant of the next minute: POSIX time has no room for it.
  const Timestamp time = sys_days{date} + std::chrono::hours{hour} + std::chrono::minutes{minute} +
                         std::chrono::seconds{second} + fraction - offset;
  if (time < kFirst || time > kLast) return bad_time(text, "outside the years 0000 to 9999 in UTC");
  return time;
}

}  // namespace hansard::core
