#pragma once

#include <string>
#include <string_view>
#include <variant>

#include "core/result.h"
#include "projections/query/request.h"

/// Queries as people type them:
///
///   sum(cost), p95(latency_us) by model, day where provider = openai and tokens > 1000
///     since 7d having calls >= 10 order by p95(latency_us) desc top 10 in "Europe/Berlin"
///
/// Measures come first; then, in any order and each at most once:
///   from TABLE                 calls (unless said), tool_calls, scores, optimisations
///   by DIMENSION, ...          also `tag:team`, `minute`, `hour`, `day`, `week`, `month`
///   where CONDITION and ...    `model = a`, `!= a`, `in (a, b)`, `not in (a, b)`; `null` is what
///   is
///                              not known; of numbers also `< <= > >=` and `between A and B`
///   since 7d | since TIME      90m, 36h, 7d, 2w before now; or as `from`
///   from TIME [to TIME]        2026-11-01, 2026-11-01T12:00:00Z; `to` is the first moment left out
///   today | yesterday | this week | last week | this month | last month | last 7 days
///                              of the zone's calendar; weeks begin on Monday; `last 7 days`
///                              (weeks, months) are whole ones, without the one that is under way
///   having MEASURE > NUMBER and ...
///   order by NAME [asc | desc], ...      asc unless said
///   top N | limit N            the same
///   compare previous           beside the period before
///   in "ZONE" | as of N | prices as of N     positions, as `as_of` and `prices_as_of` in JSON
///
/// Words are as they stand, or in quotation marks "..." or '...' with \ before a mark or a \.
/// Bounds of durations may carry a unit (`latency_us > 2s`: us, ms, s, m, h), those of costs are
/// dollars: `cost > $0.05`.
namespace hansard::projections::query {

inline constexpr std::size_t kQueryTextBytesMax = 16'384;

/// What is wrong with a text, and where.
struct TextError {
  std::size_t column = 1;  ///< of the word at fault, in characters, from 1
  std::size_t length = 1;  ///< of it, in characters; at least 1
  std::string message;     ///< what was found, and what was expected
};

/// @param now  what `since`, `today` and the like count from.
std::variant<Request, TextError> read_text(std::string_view text, core::Timestamp now);

/// The same with the error as every other: invalid_argument, field `text`, `column 14: ...`; or
/// too_large.
core::Result<Request> parse_text(std::string_view text, core::Timestamp now);

}  // namespace hansard::projections::query
