#include "projections/query/execute.h"

#include <algorithm>
#include <bitset>
#include <cmath>

#include "aggregation.h"
#include "calendar.h"
#include "compare.h"
#include "events/session/words.h"
#include "finish.h"
#include "projections/query/names.h"

namespace hansard::projections::query {
namespace {

using facts::Column;
using facts::index_of;
using facts::kNull;

/// Rows taken through all steps at once: their columns stay in the processor's caches.
constexpr std::uint32_t kChunkRows = 2048;
/// Wanted values of a filter are looked up in an array while its dimension has no more than this.
constexpr std::uint64_t kWantedArrayMax = std::uint64_t{1} << 22;
/// Keys of groups are one number below this.
constexpr std::uint64_t kKeySpaceMax = std::uint64_t{1} << 62;

core::Error bad(std::string field, std::string what) {
  return core::Error{core::Errc::invalid_argument, field + ": " + std::move(what), field};
}

/// A filter by dimension, with its values as codes.
struct Wanted {
  explicit Wanted(Coder of) : coder(std::move(of)) {}
  Coder coder;
  std::vector<std::uint64_t> codes = {};  ///< sorted
  std::vector<bool> array = {};           ///< by code, where that is small
  bool range = false;                     ///< all from the first to the last of two codes
  bool negated = false;                   ///< the others

  [[nodiscard]] bool may_keep(const facts::Segment& segment) const {
    if (negated) return true;
    // A range between two values may lie within a segment that has neither.
    return range ? segment.zone(coder.column()).any : coder.may_have(segment, codes);
  }

  [[nodiscard]] bool keeps(std::uint64_t code) const { return has(code) != negated; }

 private:
  [[nodiscard]] bool has(std::uint64_t code) const {
    if (range) return code >= codes.front() && code <= codes.back();
    if (!array.empty()) return array[static_cast<std::size_t>(code)];
    return std::binary_search(codes.begin(), codes.end(), code);
  }
};

/// One query on its way. Confined to the thread that asks.
class Scan {
 public:
  Scan(const facts::Reader& reader, const core::KeyedHash& hash, const Query& query,
       const Options& options)
      : reader_(reader), hash_(hash), query_(query), options_(options) {}

  core::Result<Answer> run() {
    if (auto status = prepare(); !status) return status.error();
    for (const facts::Segment& segment : reader_.segments()) {
      if (auto status = scan(segment); !status) return status.error();
    }
    // Without keys there is one group, also of no calls.
    if (coders_.empty() && groups_->size() == 0) {
      const std::uint64_t only = 0;
      std::uint32_t group = 0;
      groups_->find({&only, 1}, &group);
    }
    aggregation_->finish(groups_->size());
    answer_.group_by = query_.group_by;
    answer_.aggregates = query_.aggregates;
    answer_.table = query_.table;
    answer_.zone = query_.zone.name();
    answer_.from = query_.from;
    answer_.to = query_.to;
    answer_.percentiles = aggregation_->percentile_method();
    aggregation_->tell_pricing(answer_);
    if (auto status = finish(query_, *groups_, coders_, *aggregation_, answer_); !status) {
      return status.error();
    }
    return std::move(answer_);
  }

 private:
  core::Status prepare() {
    answer_.as_of = query_.as_of.value_or(reader_.checkpoint());
    if (answer_.as_of > reader_.checkpoint()) {
      return bad("as_of",
                 "the view of calls reaches to " + std::to_string(reader_.checkpoint().value));
    }
    std::uint64_t space = 1;
    for (const DimensionRef& dimension : query_.group_by) {
      auto coder = Coder::make(reader_, dimension, query_);
      if (!coder) return coder.error();
      if (coder->space() > kKeySpaceMax / space) {
        return core::Error{core::Errc::too_large,
                           "group_by: the values of these dimensions are too many together",
                           "group_by"};
      }
      space *= coder->space();
      need(coder->column());
      coders_.push_back(*std::move(coder));
    }
    groups_.emplace(space);
    for (const DimensionFilter& filter : query_.where) {
      if (auto status = prepare(filter); !status) return status;
    }
    for (const MeasureFilter& filter : query_.where_measure) {
      need(filter.measure);
      if (!is_cost(filter.measure) || pricing_.price) continue;
      auto pricer = options_.cost.open(reader_);
      if (!pricer) return pricer.error();
      pricing_ = {options_.cost.columns, *std::move(pricer)};
    }
    auto aggregation = Aggregation::make(reader_, query_, options_);
    if (!aggregation) return aggregation.error();
    aggregation_.emplace(*std::move(aggregation));
    for (const Column column : aggregation_->columns()) need(column);
    if (query_.from || query_.to) need(Column::occurred_at);
    if (aggregation_->rests_on_usage()) {
      for (const Column column :
           {Column::token_classes, Column::served_from, Column::usage_source}) {
        need(column);
      }
    }
    return core::Ok{};
  }

  core::Status prepare(const DimensionFilter& filter) {
    auto coder = Coder::make(reader_, filter.dimension, query_);
    if (!coder) return coder.error();
    Wanted wanted(*std::move(coder));
    wanted.negated = filter.negated;
    need(wanted.coder.column());
    if (filter.min || filter.max) {
      const auto codes = wanted.coder.codes_within(filter.min, filter.max);
      if (!codes) return codes.error();
      if (*codes) {
        wanted.codes = {(*codes)->first, (*codes)->second};
        wanted.range = true;
      }
      wanted_.push_back(std::move(wanted));
      return core::Ok{};
    }
    for (const auto& value : filter.values) {
      if (!value) {
        wanted.codes.push_back(0);
        continue;
      }
      const auto code = wanted.coder.code_of(*value, query_.project, hash_);
      if (!code) return code.error();
      if (*code) wanted.codes.push_back(**code);
    }
    std::sort(wanted.codes.begin(), wanted.codes.end());
    if (wanted.codes.size() > 1 && wanted.coder.space() <= kWantedArrayMax) {
      wanted.array.resize(static_cast<std::size_t>(wanted.coder.space()));
      for (const std::uint64_t code : wanted.codes) {
        wanted.array[static_cast<std::size_t>(code)] = true;
      }
    }
    wanted_.push_back(std::move(wanted));
    return core::Ok{};
  }

  void need(Column column) { needed_.set(index_of(column)); }
  void need(Measure measure) {
    for (const Column column : columns_of(measure, options_.cost)) need(column);
  }

  /// False when no row of the segment can be kept, and none can count as undated.
  [[nodiscard]] bool may_keep(const facts::Segment& segment) const {
    for (const Wanted& wanted : wanted_) {
      if (!wanted.may_keep(segment)) return false;
    }
    const facts::Zone& times = segment.zone(Column::occurred_at);
    if (times.nulls || (!query_.from && !query_.to)) return true;
    return !(query_.from && times.max < query_.from->time_since_epoch().count()) &&
           !(query_.to && times.min >= query_.to->time_since_epoch().count());
  }

  core::Status scan(const facts::Segment& segment) {
    if (!may_keep(segment)) return core::Ok{};
    const auto rows = reader_.rows_before(segment, answer_.as_of);
    if (!rows) return rows.error();
    if (*rows == 0) return core::Ok{};
    std::array<std::optional<facts::ColumnData>, facts::kColumns> data;
    for (std::size_t c = 0; c < facts::kColumns; ++c) {
      if (!needed_[c] || !segment.zones[c].any) continue;
      auto column = reader_.column(segment, static_cast<Column>(c));
      if (!column) return column.error();
      data[c] = *std::move(column);
    }
    for (std::size_t c = 0; c < facts::kColumns; ++c) chunk_.some[c] = data[c].has_value();
    for (std::uint32_t first = 0; first < *rows; first += kChunkRows) {
      const std::uint32_t count = std::min(kChunkRows, *rows - first);
      for (std::size_t c = 0; c < facts::kColumns; ++c) {
        if (!needed_[c]) continue;
        auto& values = chunk_.columns[c];
        values.resize(count);
        if (data[c]) {
          data[c]->read(first, values);
        } else {
          std::fill(values.begin(), values.end(), kNull);
        }
      }
      take(count);
      if (auto status = breathe(); !status) return status;
    }
    answer_.rows_looked_at += *rows;
    return core::Ok{};
  }

  core::Status breathe() {
    if (options_.keep_going && !options_.keep_going()) {
      return core::Error{core::Errc::timed_out, "the query took longer than it may"};
    }
    // With what putting the groups in order will take.
    const std::size_t bytes = groups_->bytes() + aggregation_->bytes() +
                              groups_->size() * (query_.aggregates.size() * sizeof(Cell) +
                                                 query_.group_by.size() * sizeof(std::uint64_t));
    if (bytes <= options_.bytes_max) return core::Ok{};
    return core::Error{core::Errc::too_large,
                       "the query keeps more than " + std::to_string(options_.bytes_max) +
                           " bytes (" + std::to_string(groups_->size()) +
                           " groups so far): group by less, or choose fewer calls",
                       "group_by"};
  }

  /// Takes the rows of `chunk_` that the filters keep into their groups.
  void take(std::uint32_t count) {
    rows_.resize(count);
    for (std::uint32_t i = 0; i < count; ++i) rows_[i] = i;
    for (const Wanted& wanted : wanted_) keep(wanted);
    for (const MeasureFilter& filter : query_.where_measure) keep(filter);
    if (query_.from || query_.to) keep_times();
    if (rows_.empty()) return;
    answer_.calls += rows_.size();
    if (aggregation_->rests_on_usage()) count_usage();

    keys_.assign(rows_.size(), 0);
    codes_.resize(rows_.size());
    for (const Coder& coder : coders_) {
      pick(coder.column());
      coder.codes(picked_, codes_.data());
      for (std::size_t i = 0; i < keys_.size(); ++i)
        keys_[i] = keys_[i] * coder.space() + codes_[i];
    }
    of_rows_.resize(rows_.size());
    groups_->find(keys_, of_rows_.data());
    aggregation_->add(chunk_, rows_, of_rows_, groups_->size());
  }

  void pick(Column column) {
    picked_.resize(rows_.size());
    const std::int64_t* values = chunk_.of(column);
    for (std::size_t i = 0; i < rows_.size(); ++i) picked_[i] = values[rows_[i]];
  }

  template <class Keep>
  void keep_if(Keep&& keep) {
    std::size_t kept = 0;
    for (std::size_t i = 0; i < rows_.size(); ++i) {
      rows_[kept] = rows_[i];
      kept += keep(i) ? 1 : 0;
    }
    rows_.resize(kept);
  }

  void keep(const Wanted& wanted) {
    if (rows_.empty()) return;
    pick(wanted.coder.column());
    codes_.resize(rows_.size());
    wanted.coder.codes(picked_, codes_.data());
    if (wanted.codes.size() == 1 && !wanted.negated) {
      const std::uint64_t only = wanted.codes.front();
      keep_if([&](std::size_t i) { return codes_[i] == only; });
    } else {
      keep_if([&](std::size_t i) { return wanted.keeps(codes_[i]); });
    }
  }

  void keep(const MeasureFilter& filter) {
    if (rows_.empty()) return;
    picked_.resize(rows_.size());
    evaluate(filter.measure, pricing_, chunk_, rows_, picked_.data());
    const std::int64_t min = std::max(filter.min.value_or(kNull + 1), kNull + 1);
    const std::int64_t max = filter.max.value_or(std::numeric_limits<std::int64_t>::max());
    keep_if([&](std::size_t i) { return picked_[i] >= min && picked_[i] <= max; });
  }

  void keep_times() {
    if (rows_.empty()) return;
    const std::int64_t* times = chunk_.of(Column::occurred_at);
    const std::int64_t from = query_.from ? query_.from->time_since_epoch().count() : kNull + 1;
    keep_if([&](std::size_t i) {
      const std::int64_t time = times[rows_[i]];
      if (time == kNull) ++answer_.undated_left_out;
      return time >= from && (!query_.to || time < query_.to->time_since_epoch().count());
    });
  }

  void count_usage() {
    const std::int64_t* classes = chunk_.of(Column::token_classes);
    const std::int64_t* served = chunk_.of(Column::served_from);
    const std::int64_t* source = chunk_.of(Column::usage_source);
    for (const std::uint32_t row : rows_) {
      const bool kept = served[row] == static_cast<std::int64_t>(events::ServedFrom::cache) ||
                        served[row] == static_cast<std::int64_t>(events::ServedFrom::playback);
      if (classes[row] == kNull && !kept) ++answer_.calls_without_usage;
      if (classes[row] != kNull &&
          source[row] == static_cast<std::int64_t>(events::UsageSource::estimated)) {
        ++answer_.calls_estimated;
      }
    }
  }

  const facts::Reader& reader_;
  const core::KeyedHash& hash_;
  const Query& query_;
  const Options& options_;
  Answer answer_;
  std::vector<Coder> coders_;
  std::vector<Wanted> wanted_;
  std::optional<GroupIndex> groups_;
  std::optional<Aggregation> aggregation_;
  std::bitset<facts::kColumns> needed_;
  Pricing pricing_;  ///< of the filters
  Chunk chunk_;
  std::vector<std::uint32_t> rows_;     ///< of the chunk, that are still kept
  std::vector<std::uint32_t> of_rows_;  ///< their groups
  std::vector<std::uint64_t> keys_;
  std::vector<std::uint64_t> codes_;
  std::vector<std::int64_t> picked_;
};

bool asks_for(const Query& query, const Aggregate& aggregate) {
  return std::find(query.aggregates.begin(), query.aggregates.end(), aggregate) !=
         query.aggregates.end();
}

core::Error other_table(const Query& query, std::string field, const std::string& name,
                        const std::string& there) {
  return bad(std::move(field), name + " is not of " + std::string(facts::to_word(query.table)) +
                                   "; there are " + there);
}

core::Status check_table(const Query& query) {
  const auto dimension = [&](const char* field, const DimensionRef& ref) -> core::Status {
    if (is_of(query.table, ref.dimension)) return core::Ok{};
    return other_table(query, field, to_text(ref), dimensions_of(query.table));
  };
  const auto measure = [&](const char* field, Measure one) -> core::Status {
    if (is_of(query.table, one)) return core::Ok{};
    return other_table(query, field, std::string(to_word(one)), measures_of(query.table));
  };
  core::Status status = core::Ok{};
  const auto look = [&](core::Status next) {
    if (status) status = std::move(next);
  };
  for (const Aggregate& one : query.aggregates) {
    look(one.distinct_of ? dimension("measures", *one.distinct_of)
                         : measure("measures", one.measure));
  }
  for (const DimensionRef& one : query.group_by) look(dimension("group_by", one));
  for (const DimensionFilter& one : query.where) look(dimension("where", one.dimension));
  for (const MeasureFilter& one : query.where_measure) look(measure("where", one.measure));
  return status;
}

core::Status check(const Query& query, const Options& options) {
  if (query.aggregates.empty()) return bad("measures", "nothing is asked for");
  for (std::size_t i = 0; i < query.group_by.size(); ++i) {
    for (std::size_t j = 0; j < i; ++j) {
      if (query.group_by[i] == query.group_by[j]) {
        return bad("group_by", to_text(query.group_by[i]) + " is given twice");
      }
    }
  }
  if (auto status = check_table(query); !status) return status;
  bool cost = false;
  for (const Aggregate& aggregate : query.aggregates) {
    cost |= !aggregate.distinct_of && is_cost(aggregate.measure);
    if (aggregate.function == Function::percentile &&
        (aggregate.per_mille_tenths < 1 || aggregate.per_mille_tenths > 10'000)) {
      return bad("measures", "a percentile lies between p0.01 and p100");
    }
    if ((aggregate.function == Function::count_distinct) != aggregate.distinct_of.has_value()) {
      return bad("measures", "count_distinct counts values of a dimension, and only that does");
    }
  }
  for (const DimensionFilter& filter : query.where) {
    if (filter.values.empty() == !(filter.min || filter.max)) {
      return bad("where." + to_text(filter.dimension), "give values, or min and max, and not both");
    }
  }
  for (const MeasureFilter& filter : query.where_measure) {
    cost |= is_cost(filter.measure);
    if (filter.min && filter.max && *filter.min > *filter.max) {
      return bad("where." + std::string(to_word(filter.measure)), "min is above max");
    }
  }
  if (cost && !options.cost.open) return bad("measures", "cost needs prices, and there are none");
  if (query.from && query.to && *query.from >= *query.to) {
    return bad("to", "the time must be after from");
  }
  if (query.compare != Compare::nothing && !(query.from && query.to)) {
    return bad("compare", "say from when (and to when): it is what comes before that");
  }
  for (const Having& having : query.having) {
    if (!asks_for(query, having.aggregate)) {
      return bad("having." + to_text(having.aggregate), "is not among the measures asked for");
    }
  }
  for (const Order& order : query.order) {
    if (const auto* aggregate = std::get_if<Aggregate>(&order.by)) {
      if (!asks_for(query, *aggregate)) {
        return bad("order", to_text(*aggregate) + " is not among the measures asked for");
      }
    } else {
      const auto& dimension = std::get<DimensionRef>(order.by);
      if (std::find(query.group_by.begin(), query.group_by.end(), dimension) ==
          query.group_by.end()) {
        return bad("order", to_text(dimension) + " is not among the dimensions grouped by");
      }
    }
  }
  return core::Ok{};
}

}  // namespace

core::Result<Answer> execute(const core::ReadModel& model, const core::KeyedHash& keyed_hash,
                             const Query& query, const Options& options) {
  if (auto status = check(query, options); !status) return status.error();
  const auto reader = facts::Reader::open(model, query.project);
  if (!reader) return reader.error();
  if (query.compare == Compare::nothing) return Scan(*reader, keyed_hash, query, options).run();
  Query now = query;
  now.having.clear();
  now.limit.reset();
  Query before = now;
  const Period period = previous_period(query.zone, *query.from, *query.to);
  before.from = period.from;
  before.to = period.to;
  auto first = Scan(*reader, keyed_hash, now, options).run();
  if (!first) return first;
  auto second = Scan(*reader, keyed_hash, before, options).run();
  if (!second) return second;
  if (first->groups.size() + second->groups.size() > kComparedGroupsMax) {
    return core::Error{core::Errc::too_large,
                       "compare: more than " + std::to_string(kComparedGroupsMax) +
                           " groups: group by less, or choose fewer",
                       "compare"};
  }
  return side_by_side(query, *std::move(first), *std::move(second));
}

std::optional<double> change_percent(const Cell& now, const Cell& before) {
  if (!now.known || !before.known || before.number() == 0.0) return std::nullopt;
  return (now.number() - before.number()) / std::abs(before.number()) * 100;
}

std::string to_text(Wide value) {
  const bool negative = value < 0;
  __extension__ unsigned __int128 rest =
      negative ? -static_cast<unsigned __int128>(value) : static_cast<unsigned __int128>(value);
  std::string digits;
  do {
    digits += static_cast<char>('0' + static_cast<int>(rest % 10));
    rest /= 10;
  } while (rest != 0);
  if (negative) digits += '-';
  std::reverse(digits.begin(), digits.end());
  return digits;
}

}  // namespace hansard::projections::query
