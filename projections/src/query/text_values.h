#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "projections/query/query.h"

namespace hansard::projections::query {

/// A bound of a measure as people write it, in its own unit: `2s` of latency_us, `$0.05` of cost,
/// `0.75` of value, otherwise a whole number. Nothing when it is none.
std::optional<std::int64_t> measure_value(Measure measure, std::string_view text);

/// The same as answers show it, for `having`: averages may be fractions.
std::optional<double> shown_value(const Aggregate& aggregate, std::string_view text);

/// What a bound of this measure looks like, for who wrote something else.
std::string_view example_value(Measure measure);

std::optional<std::int64_t> whole_number(std::string_view text);

}  // namespace hansard::projections::query
