#include "shared/query.h"

#include <algorithm>
#include <charconv>

#include "events/json.h"

namespace hansard::http {

namespace {

bool contains(std::initializer_list<std::string_view> list, std::string_view name) {
  return std::find(list.begin(), list.end(), name) != list.end();
}

}  // namespace

std::optional<std::uint64_t> parse_digits(std::string_view text) {
  std::uint64_t value = 0;
  const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (failed != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

core::Result<Query> Query::of(const Request& request, std::initializer_list<std::string_view> known,
                              std::initializer_list<std::string_view> repeatable) {
  for (std::size_t i = 0; i < request.query.size(); ++i) {
    const std::string& name = request.query[i].first;
    if (contains(repeatable, name)) continue;
    if (!contains(known, name)) return events::bad_field(name, "no such parameter of this route");
    for (std::size_t k = 0; k < i; ++k) {
      if (request.query[k].first == name) return events::bad_field(name, "given twice");
    }
  }
  return Query(request.query);
}

std::optional<std::string> Query::text(std::string_view name) const {
  for (const auto& [key, value] : *values_) {
    if (key == name) return value;
  }
  return std::nullopt;
}

std::vector<std::string> Query::all(std::string_view name) const {
  std::vector<std::string> out;
  for (const auto& [key, value] : *values_) {
    if (key == name) out.push_back(value);
  }
  return out;
}

core::Result<std::optional<std::uint64_t>> Query::number(std::string_view name) const {
  const auto given = text(name);
  if (!given) return std::optional<std::uint64_t>();
  const auto value = parse_digits(*given);
  if (!value) return events::bad_field(name, "expected a number");
  return value;
}

core::Result<std::uint64_t> Query::count(std::string_view name, std::uint64_t fallback,
                                         std::uint64_t most) const {
  const auto value = number(name);
  if (!value) return value.error();
  if (!*value) return std::min(fallback, most);
  if (**value < 1 || **value > most) {
    return events::bad_field(name, "must be 1.." + std::to_string(most));
  }
  return **value;
}

core::Result<std::optional<core::Timestamp>> Query::time(std::string_view name) const {
  const auto given = text(name);
  if (!given) return std::optional<core::Timestamp>();
  const auto value = core::parse_time(*given);
  if (!value) return events::bad_field(name, value.error().message);
  return std::optional<core::Timestamp>(*value);
}

core::Result<bool> Query::flag(std::string_view name) const {
  const auto given = text(name);
  if (!given || *given == "false" || *given == "0") return false;
  if (given->empty() || *given == "true" || *given == "1") return true;
  return events::bad_field(name, "expected true or false");
}

core::Result<std::optional<std::chrono::seconds>> Query::span(std::string_view name) const {
  const auto given = text(name);
  if (!given) return std::optional<std::chrono::seconds>();
  constexpr std::uint64_t kYearSeconds = 366ULL * 24 * 3600;
  const char unit = given->empty() ? '\0' : given->back();
  const std::uint64_t seconds = unit == 's' ? 1 : unit == 'm' ? 60 : unit == 'h' ? 3600 : 0;
  const auto value =
      parse_digits(std::string_view(*given).substr(0, given->size() - (unit ? 1 : 0)));
  if (seconds == 0 || !value || *value > kYearSeconds / seconds) {
    return events::bad_field(name, "expected a duration like 90s, 30m or 2h, up to a year");
  }
  return std::optional<std::chrono::seconds>(static_cast<std::int64_t>(*value * seconds));
}

}  // namespace hansard::http
