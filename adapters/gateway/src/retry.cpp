#include "retry.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <string_view>

namespace hansard::gateway {

using std::chrono::milliseconds;

namespace {

/// Digits and nothing else; what is too long for the type is its largest.
std::optional<std::int64_t> number(std::string_view text) {
  constexpr std::int64_t kMost = 1'000'000'000'000;
  if (text.empty()) return {};
  std::int64_t value = 0;
  for (const char c : text) {
    if (c < '0' || c > '9') return {};
    value = std::min(kMost, value * 10 + (c - '0'));
  }
  return value;
}

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

}  // namespace

Verdict judge(int status) {
  constexpr std::array kMayPass{408, 429, 500, 502, 503, 504, 529};
  Verdict verdict;
  const bool broken = status >= 500;
  verdict.may_pass = std::find(kMayPass.begin(), kMayPass.end(), status) != kMayPass.end();
  verdict.elsewhere = verdict.may_pass || broken;
  verdict.provider_well = !broken;
  verdict.reason = "after_" + std::to_string(status);
  return verdict;
}

Verdict judge(const core::Error& error) {
  const auto is = [&](std::initializer_list<std::string_view> names) {
    return std::find(names.begin(), names.end(), error.field) != names.end();
  };
  Verdict verdict;
  verdict.reason = "after_" + (error.field.empty() ? std::string("error") : error.field);
  const bool of_provider =
      is({"connect", "tls", "first_byte", "reset", "idle", "truncated", "protocol"});
  const bool full = is({"connections", "calls"});  // of ours: the provider has not been asked
  verdict.may_pass = (of_provider && error.field != "protocol") || full;
  verdict.elsewhere = of_provider || full;
  if (of_provider) verdict.provider_well = false;
  return verdict;
}

std::optional<core::Timestamp> parse_http_date(std::string_view text) {
  constexpr std::string_view kForm = "Sun, 06 Nov 1994 08:49:37 GMT";
  constexpr std::string_view kMonths = "JanFebMarAprMayJunJulAugSepOctNovDec";
  if (text.size() != kForm.size() || text.substr(25) != " GMT") return {};
  for (const std::size_t at : {4U, 7U, 11U, 16U, 19U, 22U}) {
    if (text[at] != kForm[at]) return {};
  }
  const auto month = kMonths.find(text.substr(8, 3));
  const auto day = number(text.substr(5, 2));
  const auto year = number(text.substr(12, 4));
  const auto hour = number(text.substr(17, 2));
  const auto minute = number(text.substr(20, 2));
  const auto second = number(text.substr(23, 2));
  if (month == std::string_view::npos || month % 3 != 0) return {};
  if (!day || !year || !hour || !minute || !second) return {};
  const std::chrono::year_month_day date{std::chrono::year(static_cast<int>(*year)),
                                         std::chrono::month(static_cast<unsigned>(month / 3 + 1)),
                                         std::chrono::day(static_cast<unsigned>(*day))};
  if (!date.ok() || *hour > 23 || *minute > 59 || *second > 60) return {};
  return core::Timestamp(std::chrono::sys_days(date)) + std::chrono::hours(*hour) +
         std::chrono::minutes(*minute) + std::chrono::seconds(*second);
}

std::optional<milliseconds> retry_after(const Fields& fields, core::Timestamp now) {
  if (const auto given = find_field(fields, "retry-after-ms")) {
    // Some send a fraction of a millisecond.
    const std::string_view text = trimmed(*given);
    if (const auto wait = number(text.substr(0, text.find('.')))) return milliseconds(*wait);
  }
  const auto given = find_field(fields, "Retry-After");
  if (!given) return {};
  const std::string_view text = trimmed(*given);
  if (const auto seconds = number(text)) {
    return milliseconds(std::min<std::int64_t>(*seconds, 1'000'000'000) * 1000);
  }
  const auto date = parse_http_date(text);
  if (!date) return {};
  return std::max(milliseconds(0), std::chrono::ceil<milliseconds>(*date - now));
}

milliseconds backoff(const RetryOptions& options, std::uint32_t made, std::uint64_t drawn) {
  std::int64_t most = std::min(options.base, options.max).count();
  for (std::uint32_t i = 1; i < made && most < options.max.count(); ++i) {
    most = std::min(most * 2, options.max.count());
  }
  return milliseconds(
      scaled(drawn, static_cast<std::uint64_t>(std::max<std::int64_t>(0, most)) + 1));
}

std::uint64_t scaled(std::uint64_t drawn, std::uint64_t below) {
  // The high half of the product: even to within below / 2^64.
  __extension__ using Wide = unsigned __int128;
  return static_cast<std::uint64_t>((static_cast<Wide>(drawn) * below) >> 64U);
}

}  // namespace hansard::gateway
