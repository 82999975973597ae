#include "worker.h"

#include <algorithm>
#include <numeric>

#include "events/session/words.h"

namespace hansard::projections::query {
namespace {

using facts::Column;
using facts::kNull;

/// Rows taken through all steps at once: their columns stay in the processor's caches.
constexpr std::uint32_t kChunkRows = 2048;
/// Where filters keep fewer than one row in so many, the other columns are read row by row.
constexpr std::size_t kSparse = 16;

}  // namespace

Worker::Worker(const Plan& plan, Aggregation aggregation, Pricing pricing)
    : plan_(&plan),
      groups_(plan.space),
      aggregation_(std::move(aggregation)),
      pricing_(std::move(pricing)) {}

core::Result<Worker> Worker::make(const Plan& plan) {
  Pricing pricing;
  for (const MeasureFilter& filter : plan.query->where_measure) {
    if (!is_cost(filter.measure) || pricing.price) continue;
    auto pricer = plan.options->cost.open(*plan.reader);
    if (!pricer) return pricer.error();
    pricing = {plan.options->cost.columns, *std::move(pricer)};
  }
  auto aggregation = Aggregation::make(plan);
  if (!aggregation) return aggregation.error();
  return Worker(plan, *std::move(aggregation), std::move(pricing));
}

core::Status Worker::run(Watch& watch) {
  const auto& segments = plan_->reader->segments();
  for (;;) {
    const std::size_t at = watch.next.fetch_add(1, std::memory_order_relaxed);
    if (at >= segments.size() || watch.stop.load(std::memory_order_relaxed)) return core::Ok{};
    if (auto status = scan(segments[at], watch); !status) {
      watch.stop = true;
      return status;
    }
  }
}

core::Status Worker::scan(const facts::Segment& segment, Watch& watch) {
  if (!plan_->may_keep(segment)) return core::Ok{};
  const auto rows = plan_->reader->rows_before(segment, plan_->as_of);
  if (!rows) return rows.error();
  if (*rows == 0) return core::Ok{};
  Data data;
  const Columns needed = plan_->filters | plan_->rest;
  for (std::size_t c = 0; c < facts::kColumns; ++c) {
    if (!needed[c] || !segment.zones[c].any) continue;
    auto column = plan_->reader->column(segment, static_cast<Column>(c));
    if (!column) return column.error();
    data[c] = *std::move(column);
  }
  for (std::size_t c = 0; c < facts::kColumns; ++c) chunk_.some[c] = data[c].has_value();
  for (std::uint32_t first = 0; first < *rows; first += kChunkRows) {
    take(data, first, std::min(kChunkRows, *rows - first));
    if (auto status = breathe(watch); !status) return status;
  }
  rows_looked_at_ += *rows;
  return core::Ok{};
}

core::Status Worker::breathe(Watch& watch) {
  if (plan_->options->keep_going && !plan_->options->keep_going()) {
    return core::Error{core::Errc::timed_out, "the query took longer than it may"};
  }
  // With what putting the groups in order will take.
  const std::size_t now = groups_.bytes() + aggregation_.bytes() +
                          groups_.size() * (plan_->query->aggregates.size() * sizeof(Cell) +
                                            plan_->query->group_by.size() * sizeof(std::uint64_t));
  // Of all threads; what shrank wraps around and is added all the same.
  const std::size_t all =
      watch.bytes.fetch_add(now - bytes_, std::memory_order_relaxed) + now - bytes_;
  bytes_ = now;
  if (all <= plan_->options->bytes_max) return core::Ok{};
  return core::Error{core::Errc::too_large,
                     "the query keeps more than " + std::to_string(plan_->options->bytes_max) +
                         " bytes (" + std::to_string(groups_.size()) +
                         " groups so far): group by less, or choose fewer calls",
                     "group_by"};
}

/// Reads columns of a chunk: all rows, or those in `rows_` where they are few.
void Worker::read(const Columns& columns, const Data& data, std::uint32_t first,
                  std::uint32_t count) {
  const bool sparse = rows_.size() * kSparse < count;
  for (std::size_t c = 0; c < facts::kColumns; ++c) {
    if (!columns[c]) continue;
    auto& values = chunk_.columns[c];
    values.resize(kChunkRows);
    if (!data[c]) {
      // What was unknown in the chunk before still is.
      if (!unknown_[c]) std::fill(values.begin(), values.end(), kNull);
      unknown_.set(c);
      continue;
    }
    unknown_.reset(c);
    if (sparse) {
      for (const std::uint32_t row : rows_) data[c]->read(first + row, {&values[row], 1});
    } else {
      data[c]->read(first, {values.data(), count});
    }
  }
}

/// Takes the rows that the filters keep into their groups.
void Worker::take(const Data& data, std::uint32_t first, std::uint32_t count) {
  rows_.resize(count);
  std::iota(rows_.begin(), rows_.end(), 0U);
  read(plan_->filters, data, first, count);
  for (const Wanted& wanted : plan_->wanted) keep(wanted);
  for (const MeasureFilter& filter : plan_->query->where_measure) keep(filter);
  if (plan_->query->from || plan_->query->to) keep_times();
  if (rows_.empty()) return;
  read(plan_->rest, data, first, count);
  calls_ += rows_.size();
  if (plan_->usage) count_usage();

  keys_.assign(rows_.size(), 0);
  codes_.resize(rows_.size());
  for (const Coder& coder : plan_->coders) {
    pick(coder.column());
    coder.codes(picked_, codes_.data());
    const std::uint64_t space = coder.space();
    for (std::size_t i = 0; i < keys_.size(); ++i) keys_[i] = keys_[i] * space + codes_[i];
  }
  of_rows_.resize(rows_.size());
  groups_.find(keys_, of_rows_.data());
  aggregation_.add(chunk_, rows_, of_rows_, groups_.size());
}

void Worker::pick(Column column) {
  picked_.resize(rows_.size());
  const std::int64_t* values = chunk_.of(column);
  for (std::size_t i = 0; i < rows_.size(); ++i) picked_[i] = values[rows_[i]];
}

template <class Keep>
void Worker::keep_if(Keep&& keep) {
  std::size_t kept = 0;
  for (std::size_t i = 0; i < rows_.size(); ++i) {
    const bool stays = keep(i);
    rows_[kept] = rows_[i];
    kept += stays ? 1 : 0;
  }
  rows_.resize(kept);
}

void Worker::keep(const Wanted& wanted) {
  if (rows_.empty()) return;
  if (wanted.only) {
    const std::int64_t* values = chunk_.of(wanted.coder.column());
    const std::int64_t only = *wanted.only;
    return keep_if([&](std::size_t i) { return values[rows_[i]] == only; });
  }
  pick(wanted.coder.column());
  codes_.resize(rows_.size());
  wanted.coder.codes(picked_, codes_.data());
  keep_if([&](std::size_t i) { return wanted.keeps(codes_[i]); });
}

void Worker::keep(const MeasureFilter& filter) {
  if (rows_.empty()) return;
  picked_.resize(rows_.size());
  evaluate(filter.measure, pricing_, chunk_, rows_, picked_.data());
  const std::int64_t min = std::max(filter.min.value_or(kNull + 1), kNull + 1);
  const std::int64_t max = filter.max.value_or(std::numeric_limits<std::int64_t>::max());
  keep_if([&](std::size_t i) { return picked_[i] >= min && picked_[i] <= max; });
}

void Worker::keep_times() {
  if (rows_.empty()) return;
  const Query& query = *plan_->query;
  const std::int64_t* times = chunk_.of(Column::occurred_at);
  const std::int64_t from = query.from ? query.from->time_since_epoch().count() : kNull + 1;
  const std::int64_t last = query.to ? query.to->time_since_epoch().count() - 1
                                     : std::numeric_limits<std::int64_t>::max();
  keep_if([&](std::size_t i) {
    const std::int64_t time = times[rows_[i]];
    undated_ += time == kNull ? 1 : 0;
    return time >= from && time <= last;
  });
}

void Worker::count_usage() {
  const std::int64_t* classes = chunk_.of(Column::token_classes);
  const std::int64_t* served = chunk_.of(Column::served_from);
  const std::int64_t* source = chunk_.of(Column::usage_source);
  for (const std::uint32_t row : rows_) {
    const bool kept = served[row] == static_cast<std::int64_t>(events::ServedFrom::cache) ||
                      served[row] == static_cast<std::int64_t>(events::ServedFrom::playback);
    const bool guess = source[row] == static_cast<std::int64_t>(events::UsageSource::estimated);
    const bool said = classes[row] != kNull;
    without_usage_ += !said && !kept ? 1 : 0;
    estimated_ += said && guess ? 1 : 0;
  }
}

void Worker::merge(Worker& other) {
  std::vector<std::uint32_t> mine(other.groups_.size());
  groups_.find(other.groups_.keys(), mine.data());
  aggregation_.merge(other.aggregation_, mine, groups_.size());
  rows_looked_at_ += other.rows_looked_at_;
  calls_ += other.calls_;
  without_usage_ += other.without_usage_;
  estimated_ += other.estimated_;
  undated_ += other.undated_;
}

void Worker::tell(Answer& answer) const {
  answer.rows_looked_at += rows_looked_at_;
  answer.calls += calls_;
  answer.calls_without_usage += without_usage_;
  answer.calls_estimated += estimated_;
  answer.undated_left_out += undated_;
  aggregation_.tell_pricing(answer);
}

}  // namespace hansard::projections::query
