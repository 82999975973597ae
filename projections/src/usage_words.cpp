#include <charconv>
#include <chrono>
#include <string>
#include <string_view>

#include "projections/usage.h"

namespace hansard::projections {
namespace {

core::Error wrong_field(std::string_view field, std::string what) {
  return core::Error{core::Errc::invalid_argument, std::string(field) + ": " + std::move(what),
                     std::string(field)};
}

}  // namespace

std::string_view to_word(UsageDimension dimension) {
  switch (dimension) {
    case UsageDimension::day:
      return "day";
    case UsageDimension::user:
      return "user";
    case UsageDimension::session:
      return "session";
    case UsageDimension::provider:
      return "provider";
    case UsageDimension::model:
      return "model";
  }
  return "day";
}

core::Result<UsageDimension> parse_usage_dimension(std::string_view text) {
  for (const auto dimension : {UsageDimension::day, UsageDimension::user, UsageDimension::session,
                               UsageDimension::provider, UsageDimension::model}) {
    if (to_word(dimension) == text) return dimension;
  }
  return wrong_field("group_by", "must be day, user, session, provider or model");
}

core::Result<std::chrono::sys_days> parse_day(std::string_view text, std::string_view field) {
  const auto wrong = [&] { return wrong_field(field, "must be a day, like 2026-11-21"); };
  if (text.size() != 10 || text[4] != '-' || text[7] != '-') return wrong();
  int parts[3] = {};
  const std::string_view fields[3] = {text.substr(0, 4), text.substr(5, 2), text.substr(8, 2)};
  for (std::size_t i = 0; i < 3; ++i) {
    const char* const end = fields[i].data() + fields[i].size();
    const auto [stop, error] = std::from_chars(fields[i].data(), end, parts[i]);
    if (error != std::errc{} || stop != end || parts[i] < 0) return wrong();
  }
  const std::chrono::year_month_day day{std::chrono::year{parts[0]},
                                        std::chrono::month{static_cast<unsigned>(parts[1])},
                                        std::chrono::day{static_cast<unsigned>(parts[2])}};
  if (!day.ok()) return wrong();
  return std::chrono::sys_days{day};
}

}  // namespace hansard::projections
