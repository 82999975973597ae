#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/hash.h"
#include "core/projection.h"
#include "projections/query/query.h"

namespace hansard::projections::query {

__extension__ typedef __int128 Wide;  // NOLINT(modernize-use-using): only so without a warning

/// Decimal digits.
std::string to_text(Wide value);

/// One value of an answer. A whole number, or a fraction (averages, rates in tokens per second).
struct Cell {
  std::uint64_t of = 0;  ///< calls that have the measure
  bool known = false;    ///< a sum, average, least, most or percentile of nothing is not known
  bool whole = true;
  Wide integer = 0;   ///< when whole
  double real = 0.0;  ///< otherwise
  [[nodiscard]] double number() const { return whole ? static_cast<double>(integer) : real; }
};

/// A group's value along one dimension.
struct Key {
  std::optional<std::string> text;  ///< nothing: not known
  std::int64_t order = 0;           ///< of numbers and times, that which they are ordered by
  /// Of users and tags: their keyed hash in hex, which is the text, too, until names are shown.
  std::string hash = {};
  bool erased = false;  ///< no name is left; `text` is the hash
  bool operator==(const Key&) const = default;
};

struct Group {
  std::vector<Key> keys;    ///< one per dimension
  std::vector<Cell> cells;  ///< one per aggregate
  std::uint64_t calls = 0;
  // Of a comparison, the same of the earlier period; a group may be of one period only.
  std::vector<Cell> earlier = {};
  std::uint64_t earlier_calls = 0;
};

enum class PercentileMethod : std::uint8_t {
  none,   ///< no percentile was asked for
  exact,  ///< the value at rank ceil(p * n)
  sketch  ///< of at least one measure, within kSketchAccuracy of that value
};

struct Answer {
  std::vector<DimensionRef> group_by;
  std::vector<Aggregate> aggregates;
  std::vector<Group> groups;
  core::Position as_of;                   ///< rows before this were asked
  std::uint64_t rows_looked_at = 0;       ///< those whose segment could not be passed over whole
  std::uint64_t calls = 0;                ///< that the filters kept
  std::uint64_t calls_without_usage = 0;  ///< of `calls`: not said, and not from a cache
  std::uint64_t calls_estimated = 0;      ///< of `calls`: their usage is an estimate
  // Where `cost` or `saved_cost` is asked for, of the calls that it is of:
  std::uint64_t calls_unpriced = 0;        ///< usage is known, and nothing of it has a price
  std::uint64_t calls_partly_priced = 0;   ///< some of it has none and is left out of the cost
  std::uint64_t calls_cost_estimated = 0;  ///< a rate was assumed, or the usage is an estimate
  std::uint64_t undated_left_out = 0;      ///< by `from` or `to`; the other filters kept them
  std::uint64_t groups_before_limit = 0;
  PercentileMethod percentiles = PercentileMethod::none;
  std::shared_ptr<const Answer> earlier = {};  ///< of a comparison, without its groups
  // Of the question.
  facts::Table table = facts::Table::calls;
  std::string zone = "UTC";
  std::optional<core::Timestamp> from = {};
  std::optional<core::Timestamp> to = {};
  std::optional<core::Timestamp> asked_at = {};  ///< as its caller says
  std::vector<std::string> books = {};           ///< price books that costs rest on; likewise
};

/// How far `now` is from `before`, in per cent of it; nothing where either is not known or `before`
/// is 0.
std::optional<double> change_percent(const Cell& now, const Cell& before);

/// Whether it asks for costs or filters by them, and so needs `Options::cost`.
bool asks_cost(const Query& query);

/// Answers from the rows of the view that is called as the query's table is.
/// Threads: safe to call concurrently. Cost: one pass over the columns the query names, chunk by
/// chunk, passing over segments that no row of can fit.
/// Errors: invalid_argument with its field (nothing asked, a dimension twice, having or order by
/// what is not asked for, a value that no such dimension has, cost without a price hook, as_of
/// beyond the view), too_large (over `bytes_max`), timed_out (`keep_going`), and the model's.
core::Result<Answer> execute(const core::ReadModel& model, const core::KeyedHash& keyed_hash,
                             const Query& query, const Options& options = {});

}  // namespace hansard::projections::query
