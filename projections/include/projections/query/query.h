#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "core/ids.h"
#include "core/position.h"
#include "core/result.h"
#include "core/time.h"
#include "projections/facts/columns.h"
#include "projections/facts/table.h"
#include "projections/query/zone.h"

namespace hansard::projections::facts {
class Reader;
}  // namespace hansard::projections::facts

/// Questions over the calls of a project. Text forms of the names here: `names.h`.
namespace hansard::projections::query {

/// What calls are grouped and filtered by.
enum class Dimension : std::uint8_t {
  session,
  user,
  agent,
  app,
  source,
  provider,
  model,
  service_tier,
  finish_reason,
  failure,
  error_type,
  status,
  served_from,
  kind,
  stream,
  usage_source,
  attempt,
  prompt,
  prompt_version,
  experiment,
  variant,
  tool,  ///< of tool calls, like `outcome`
  outcome,
  metric,  ///< of scores, like the next three
  category,
  evaluator,
  target,
  strategy,  ///< of optimisations, like `reason`
  reason,
  tag,     ///< of one key
  minute,  ///< of `occurred_at`, in the query's zone, like the next four
  hour,
  day,
  week,  ///< named by its Monday
  month,
};
inline constexpr std::size_t kDimensions = 35;

struct DimensionRef {
  Dimension dimension = Dimension::model;
  std::string tag = {};  ///< key, for `Dimension::tag` only
  auto operator<=>(const DimensionRef&) const = default;
};

/// A whole number that each call has or does not have.
enum class Measure : std::uint8_t {
  calls,   ///< 1, of a call of a model or a tool
  errors,  ///< 1 for a failure, else 0, likewise
  input_text,
  input_cache_read,
  input_cache_write_5m,
  input_cache_write_1h,
  input_cache_write_other,
  input_audio,
  input_image,
  input_video,
  output_text,
  output_reasoning,
  output_audio,
  output_image,
  input,              ///< sum of the input classes that are known
  output,             ///< likewise
  tokens,             ///< likewise, of all
  saved_tokens,       ///< of answers from a cache or the record; those count in no other class
  latency_us,         ///< request to end of answer
  ttft_us,            ///< request to first token
  tokens_per_second,  ///< `output` in the time after the first token (else of the whole),
                      ///< thousandths
  cost,               ///< pico-USD, from `Options::cost`, of calls that a provider served
  saved_cost,         ///< what answers from a cache or the record would have cost, likewise
  duration_us,        ///< of a tool
  scores,             ///< 1
  value,              ///< of a score, in millionths
  optimisations,      ///< 1
  tokens_before,      ///< of what is sent to a model, before an optimisation
  tokens_after,
  tokens_saved,   ///< before less after; below 0 where it grew
  removed,        ///< messages
  summarised,     ///< messages
  reported_cost,  ///< pico-USD that the provider says a call cost; beside `cost`, which is ours
};
inline constexpr std::size_t kMeasures = 33;

/// In pico-USD.
constexpr bool is_money(Measure measure) {
  return measure == Measure::cost || measure == Measure::saved_cost ||
         measure == Measure::reported_cost;
}

enum class Function : std::uint8_t { sum, avg, min, max, count, count_distinct, percentile };

/// A column of the answer. Calls that do not have the measure are left out of it.
struct Aggregate {
  Function function = Function::sum;
  Measure measure = Measure::calls;
  std::uint32_t per_mille_tenths = 0;            ///< of a percentile, 1..10000: p99.9 is 9990
  std::optional<DimensionRef> distinct_of = {};  ///< `count_distinct` counts values of this
  auto operator<=>(const Aggregate&) const = default;
};

/// Keeps calls whose value along a dimension is one of these; nothing stands for "not known".
/// Users and tags are given as texts and compared by keyed hash.
struct DimensionFilter {
  DimensionRef dimension;
  std::vector<std::optional<std::string>> values;
  bool negated = false;  ///< keeps the others instead
  // Instead of values, for whole numbers (attempt, status): inclusive bounds.
  std::optional<std::int64_t> min = {};
  std::optional<std::int64_t> max = {};
};

/// Keeps calls that have the measure, within both bounds (inclusive).
struct MeasureFilter {
  Measure measure = Measure::tokens;
  std::optional<std::int64_t> min;
  std::optional<std::int64_t> max;
};

/// Keeps groups whose aggregate is known and within both bounds (inclusive).
struct Having {
  Aggregate aggregate;  ///< one of the query's
  std::optional<double> min;
  std::optional<double> max;
};

/// By a dimension or an aggregate of the query. What is not known is less than all else.
struct Order {
  std::variant<DimensionRef, Aggregate> by;
  bool descending = false;
};

/// What answers are put beside.
enum class Compare : std::uint8_t {
  nothing,
  /// The period before `from`: as many months, days (of the zone) or microseconds before, whichever
  /// both `from` and `to` begin.
  previous
};

struct Query {
  core::ProjectId project;
  facts::Table table = facts::Table::calls;  ///< measures and dimensions must be of it
  std::vector<Aggregate> aggregates;         ///< at least one
  std::vector<DimensionRef> group_by;        ///< none twice
  // All filters must hold.
  std::vector<DimensionFilter> where;
  std::vector<MeasureFilter> where_measure;
  std::optional<core::Timestamp> from;  ///< of `occurred_at`; leaves out undated calls
  std::optional<core::Timestamp> to;    ///< the first moment after; likewise
  Zone zone;                            ///< of minutes, hours, days, weeks and months
  Compare compare = Compare::nothing;   ///< previous: `from` and `to` are required
  std::vector<Having> having;
  /// Ties are broken by the keys in the order of `group_by`, least first. Without any: by the first
  /// key when it is a time, else by the first aggregate, most first.
  std::vector<Order> order;
  std::optional<std::uint64_t> limit;   ///< of groups, after ordering
  std::optional<core::Position> as_of;  ///< rows before this; at most what the view has
};

/// What one call costs by the price in force when it happened.
struct CallCost {
  std::int64_t pico_usd = 0;  ///< of everything that has a price
  bool complete = true;       ///< false: some tokens or units of it have none and are left out
  bool estimated = false;     ///< a rate was assumed
};

/// The cost of a row, as if a provider had served it; nothing when nothing of it has a price (no
/// such model, no usage, no time). Of the row, only `CostHook::columns` are filled in.
using Pricer = std::function<std::optional<CallCost>(const facts::Row&)>;

/// Where costs come from.
struct CostHook {
  std::vector<facts::Column> columns;
  /// Makes a pricer for one thread of one query; the reader, whose texts the ids of a row stand
  /// for, outlives it. Called from several threads at once. Empty: there are no prices.
  std::function<core::Result<Pricer>(const facts::Reader&)> open;
};

/// Bytes that one query may keep: groups, values for percentiles, distinct values.
inline constexpr std::size_t kQueryBytesMax = std::size_t{256} << 20;
/// Values of one measure up to which percentiles are exact.
inline constexpr std::size_t kExactPercentileValues = std::size_t{1} << 22;

struct Options {
  std::size_t bytes_max = kQueryBytesMax;
  std::size_t exact_values_max = kExactPercentileValues;
  CostHook cost = {};
  /// Rows are shared out to so many threads, the caller's among them (1..16), where there are
  /// enough of them for another.
  std::uint32_t threads = 2;
  std::uint64_t rows_per_thread = 262'144;
  /// Asked now and then, on each of them; false ends the query with `timed_out`. May be empty.
  std::function<bool()> keep_going = {};
};

}  // namespace hansard::projections::query
