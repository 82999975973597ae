#include "aggregation.h"

#include <algorithm>

#include "core/assert.h"
#include "projections/query/names.h"

namespace hansard::projections::query {
namespace {

using facts::kNull;

/// Measures that have a value in every row: none of them is 0, not unknown.
bool counts_rows(Measure measure) {
  return measure == Measure::calls || measure == Measure::errors || measure == Measure::scores ||
         measure == Measure::optimisations;
}

}  // namespace

void Percentiles::sketch(std::uint32_t group, std::int64_t value) {
  if (group >= sketches_.size()) sketches_.resize(group + 1);
  Sketch& sketch = sketches_[group];
  const std::size_t before = sketch.bytes();
  sketch.add(value);
  sketch_bytes_ += sketch.bytes() - before;
}

void Percentiles::add(std::span<const std::uint32_t> groups, const std::int64_t* values) {
  if (!sketched_ && values_.size() + groups.size() > exact_max_) {
    sketched_ = true;
    for (std::size_t i = 0; i < values_.size(); ++i) sketch(groups_[i], values_[i]);
    std::vector<std::int64_t>().swap(values_);
    std::vector<std::uint32_t>().swap(groups_);
  }
  for (std::size_t i = 0; i < groups.size(); ++i) {
    if (values[i] == kNull) continue;
    if (sketched_) {
      sketch(groups[i], values[i]);
    } else {
      groups_.push_back(groups[i]);
      values_.push_back(values[i]);
    }
  }
}

void Percentiles::finish(std::size_t groups) {
  if (sketched_) return;
  starts_.assign(groups + 1, 0);
  for (const std::uint32_t group : groups_) ++starts_[group + 1];
  for (std::size_t i = 1; i < starts_.size(); ++i) starts_[i] += starts_[i - 1];
  std::vector<std::size_t> next(starts_.begin(), starts_.end() - 1);
  std::vector<std::int64_t> sorted(values_.size());
  for (std::size_t i = 0; i < values_.size(); ++i) sorted[next[groups_[i]]++] = values_[i];
  values_.swap(sorted);
  std::vector<std::uint32_t>().swap(groups_);
}

std::optional<std::int64_t> Percentiles::at(std::uint32_t group, std::uint32_t tenths) {
  if (sketched_) {
    if (group >= sketches_.size() || sketches_[group].count() == 0) return std::nullopt;
    return sketches_[group].at(tenths);
  }
  const auto first = values_.begin() + static_cast<std::ptrdiff_t>(starts_[group]);
  const auto last = values_.begin() + static_cast<std::ptrdiff_t>(starts_[group + 1]);
  if (first == last) return std::nullopt;
  const auto nth = first + static_cast<std::ptrdiff_t>(
                               rank_of(tenths, static_cast<std::uint64_t>(last - first)));
  std::nth_element(first, nth, last);
  return *nth;
}

std::size_t Percentiles::bytes() const {
  // Sorting by group needs the values once more.
  return groups_.capacity() * sizeof(std::uint32_t) +
         2 * values_.capacity() * sizeof(std::int64_t) + sketches_.capacity() * sizeof(Sketch) +
         sketch_bytes_;
}

core::Result<Aggregation> Aggregation::make(const facts::Reader& reader, const Query& query,
                                            const Options& options) {
  Aggregation made;
  made.cost_ = options.cost;
  const auto costs = [](const Aggregate& one) { return !one.distinct_of && is_cost(one.measure); };
  if (std::any_of(query.aggregates.begin(), query.aggregates.end(), costs)) {
    auto pricer = options.cost.open(reader);
    if (!pricer) return pricer.error();
    made.pricing_ = {options.cost.columns, *std::move(pricer)};
  }
  for (const Aggregate& aggregate : query.aggregates) {
    if (aggregate.distinct_of) {
      const auto same = [&](const DistinctPlan& plan) {
        return plan.dimension == *aggregate.distinct_of;
      };
      if (std::any_of(made.distincts_.begin(), made.distincts_.end(), same)) continue;
      auto coder = Coder::make(reader, *aggregate.distinct_of, query);
      if (!coder) return coder.error();
      made.distincts_.push_back({*aggregate.distinct_of, *std::move(coder)});
      continue;
    }
    auto plan = std::find_if(made.measures_.begin(), made.measures_.end(),
                             [&](const auto& known) { return known.measure == aggregate.measure; });
    if (plan == made.measures_.end()) {
      made.measures_.push_back({aggregate.measure});
      plan = made.measures_.end() - 1;
    }
    if (aggregate.function == Function::percentile && !plan->percentiles) {
      plan->percentiles.emplace(options.exact_values_max);
    }
  }
  return made;
}

std::vector<facts::Column> Aggregation::columns() const {
  std::vector<facts::Column> columns;
  for (const auto& plan : measures_) {
    const auto needed = columns_of(plan.measure, cost_);
    columns.insert(columns.end(), needed.begin(), needed.end());
  }
  for (const auto& plan : distincts_) columns.push_back(plan.coder.column());
  return columns;
}

void Aggregation::add(const Chunk& chunk, std::span<const std::uint32_t> rows,
                      std::span<const std::uint32_t> groups, std::size_t group_count) {
  calls_.resize(group_count);
  for (const std::uint32_t group : groups) ++calls_[group];
  values_.resize(rows.size());
  for (MeasurePlan& plan : measures_) {
    evaluate(plan.measure, pricing_, chunk, rows, values_.data());
    plan.states.resize(group_count);
    for (std::size_t i = 0; i < rows.size(); ++i) {
      const std::int64_t value = values_[i];
      if (value == kNull) continue;
      MeasureState& state = plan.states[groups[i]];
      state.min = state.count == 0 ? value : std::min(state.min, value);
      state.max = state.count == 0 ? value : std::max(state.max, value);
      ++state.count;
      state.sum += value;
    }
    if (plan.percentiles) plan.percentiles->add(groups, values_.data());
  }
  for (DistinctPlan& plan : distincts_) {
    picked_.resize(rows.size());
    codes_.resize(rows.size());
    const std::int64_t* column = chunk.of(plan.coder.column());
    for (std::size_t i = 0; i < rows.size(); ++i) picked_[i] = column[rows[i]];
    plan.coder.codes(picked_, codes_.data());
    for (std::size_t i = 0; i < rows.size(); ++i) plan.counts.add(groups[i], codes_[i]);
  }
}

void Aggregation::finish(std::size_t groups) {
  calls_.resize(groups);
  for (MeasurePlan& plan : measures_) {
    plan.states.resize(groups);
    if (plan.percentiles) plan.percentiles->finish(groups);
  }
}

Cell Aggregation::cell(const Aggregate& aggregate, std::uint32_t group) {
  Cell cell;
  if (aggregate.distinct_of) {
    for (const auto& plan : distincts_) {
      if (plan.dimension == *aggregate.distinct_of) cell.integer = plan.counts.of(group);
    }
    cell.of = static_cast<std::uint64_t>(cell.integer);
    cell.known = true;
    return cell;
  }
  const auto plan = std::find_if(measures_.begin(), measures_.end(), [&](const auto& known) {
    return known.measure == aggregate.measure;
  });
  HANSARD_ASSERT(plan != measures_.end(), "every aggregate of the query was planned");
  const MeasureState& state = plan->states[group];
  const auto scale = scale_of(aggregate.measure);
  cell.of = state.count;
  cell.known = state.count > 0;
  switch (aggregate.function) {
    case Function::count:
      cell.known = true;
      cell.integer = state.count;
      return cell;
    case Function::sum:
      cell.known |= counts_rows(aggregate.measure);
      cell.integer = state.sum;
      break;
    case Function::avg:
      cell.whole = false;
      if (!cell.known) return cell;
      cell.real = static_cast<double>(state.sum) / static_cast<double>(state.count);
      cell.real /= static_cast<double>(scale);
      return cell;
    case Function::min:
      cell.integer = state.min;
      break;
    case Function::max:
      cell.integer = state.max;
      break;
    default:
      if (cell.known)
        cell.integer = plan->percentiles->at(group, aggregate.per_mille_tenths).value();
  }
  if (scale != 1) {
    cell.whole = false;
    cell.real = static_cast<double>(cell.integer) / static_cast<double>(scale);
    cell.integer = 0;
  }
  return cell;
}

PercentileMethod Aggregation::percentile_method() const {
  auto method = PercentileMethod::none;
  for (const auto& plan : measures_) {
    if (!plan.percentiles) continue;
    if (!plan.percentiles->exact()) return PercentileMethod::sketch;
    method = PercentileMethod::exact;
  }
  return method;
}

bool Aggregation::rests_on_usage() const {
  return std::any_of(measures_.begin(), measures_.end(),
                     [](const auto& plan) { return query::rests_on_usage(plan.measure); });
}

void Aggregation::tell_pricing(Answer& answer) const {
  answer.calls_unpriced += pricing_.unpriced;
  answer.calls_partly_priced += pricing_.partly;
  answer.calls_cost_estimated += pricing_.estimated;
}

std::size_t Aggregation::bytes() const {
  std::size_t sum = calls_.capacity() * sizeof(std::uint64_t);
  for (const auto& plan : measures_) {
    sum += plan.states.capacity() * sizeof(MeasureState);
    if (plan.percentiles) sum += plan.percentiles->bytes();
  }
  for (const auto& plan : distincts_) sum += plan.counts.bytes();
  return sum;
}

}  // namespace hansard::projections::query
