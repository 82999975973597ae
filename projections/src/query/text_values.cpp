#include "text_values.h"

#include <charconv>
#include <cmath>

#include "projections/query/names.h"

namespace hansard::projections::query {
namespace {

constexpr double kMost = 9e18;  // what a column holds, nearly

bool is_duration(Measure measure) {
  return measure == Measure::latency_us || measure == Measure::ttft_us ||
         measure == Measure::duration_us;
}

std::optional<double> number(std::string_view text) {
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || !std::isfinite(value)) {
    return std::nullopt;
  }
  return value;
}

/// `2s` is 2,000,000; a number without a unit is of microseconds.
std::optional<double> microseconds(std::string_view text) {
  struct Unit {
    std::string_view word;
    double us;
  };
  // `us` and `ms` before `s`, which both end in.
  constexpr Unit kUnits[] = {{"us", 1}, {"ms", 1e3}, {"s", 1e6}, {"m", 6e7}, {"h", 3.6e9}};
  for (const Unit& unit : kUnits) {
    if (!text.ends_with(unit.word)) continue;
    const auto count = number(text.substr(0, text.size() - unit.word.size()));
    return count ? std::optional(*count * unit.us) : std::nullopt;
  }
  return number(text);
}

/// `$0.05` is 50,000,000,000 pico-USD.
std::optional<double> pico_usd(std::string_view text) {
  if (!text.starts_with('$')) return std::nullopt;
  const auto dollars = number(text.substr(1));
  return dollars ? std::optional(*dollars * 1e12) : std::nullopt;
}

}  // namespace

std::optional<std::int64_t> whole_number(std::string_view text) {
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || value == facts::kNull) {
    return std::nullopt;
  }
  return value;
}

std::optional<std::int64_t> measure_value(Measure measure, std::string_view text) {
  std::optional<double> value;
  if (is_duration(measure)) {
    value = microseconds(text);
  } else if (is_money(measure)) {
    value = pico_usd(text);
  } else if (const std::int64_t scale = scale_of(measure); scale != 1) {
    value = number(text);
    if (value) *value *= static_cast<double>(scale);
  } else {
    return whole_number(text);
  }
  if (!value || std::abs(*value) > kMost) return std::nullopt;
  return static_cast<std::int64_t>(std::llround(*value));
}

std::optional<double> shown_value(const Aggregate& aggregate, std::string_view text) {
  const bool counts =
      aggregate.function == Function::count || aggregate.function == Function::count_distinct;
  if (!counts && is_duration(aggregate.measure)) return microseconds(text);
  if (!counts && is_money(aggregate.measure)) return pico_usd(text);
  return number(text);
}

std::string_view example_value(Measure measure) {
  if (is_duration(measure)) return "a time such as 2s or 500ms";
  if (is_money(measure)) return "dollars such as $0.05";
  return scale_of(measure) == 1 ? "a whole number" : "a number";
}

}  // namespace hansard::projections::query
