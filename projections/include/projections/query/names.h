#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "core/result.h"
#include "projections/query/query.h"

/// Names of dimensions, measures and aggregates, as JSON and command lines have them.
namespace hansard::projections::query {

/// `model`, `tag:team`.
std::string to_text(const DimensionRef& dimension);
std::string_view to_word(Measure measure);
/// `sum(tokens)`, `p99.9(latency_us)`, `count_distinct(user)`.
std::string to_text(const Aggregate& aggregate);

// Errors: invalid_argument with the field given; an unknown name lists what there is.
core::Result<DimensionRef> parse_dimension(std::string_view text, std::string_view field);
core::Result<Measure> parse_measure(std::string_view text, std::string_view field);
/// As `to_text` writes it; a bare measure that adds up (`calls`, `errors`, tokens, `cost`) is its
/// sum.
core::Result<Aggregate> parse_aggregate(std::string_view text, std::string_view field);

/// `minute`, `hour`, `day`, `week`, `month`.
constexpr bool is_time(Dimension dimension) { return dimension >= Dimension::minute; }
/// The table of that name that can be asked. `observations` cannot: rows that take others back
/// would be counted; `experiment_report.h` asks it.
std::optional<facts::Table> asked_table_of(std::string_view word);
/// Whether rows of the table have it.
bool is_of(facts::Table table, Dimension dimension);
bool is_of(facts::Table table, Measure measure);
/// Names of what a table has, for who gave another: `calls, errors, ...`.
std::string dimensions_of(facts::Table table);
std::string measures_of(facts::Table table);
/// What one unit of the measure is of the number shown: rates are kept in thousandths, values of
/// scores in millionths.
constexpr std::int64_t scale_of(Measure measure) {
  if (measure == Measure::tokens_per_second) return 1'000;
  return measure == Measure::value ? 1'000'000 : 1;
}
/// The column a dimension looks at.
facts::Column column_of(Dimension dimension);

}  // namespace hansard::projections::query
