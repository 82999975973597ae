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

void Percentiles::to_sketches() {
  sketched_ = true;
  for (std::size_t i = 0; i < values_.size(); ++i) sketch(groups_[i], values_[i]);
  std::vector<std::int64_t>().swap(values_);
  std::vector<std::uint32_t>().swap(groups_);
}

void Percentiles::add(std::span<const std::uint32_t> groups, const std::int64_t* values) {
  for (std::size_t i = 0; i < groups.size(); ++i) {
    if (values[i] == kNull) continue;
    if (sketched_) {
      sketch(groups[i], values[i]);
    } else {
      groups_.push_back(groups[i]);
      values_.push_back(values[i]);
    }
  }
  if (!sketched_ && values_.size() > exact_max_) to_sketches();
}

void Percentiles::merge(Percentiles& other, std::span<const std::uint32_t> mine) {
  // However the rows were shared out, values are kept while all of them are few enough.
  const bool few =
      !sketched_ && !other.sketched_ && values_.size() + other.values_.size() <= exact_max_;
  if (!few && !sketched_) to_sketches();
  for (std::size_t i = 0; i < other.values_.size(); ++i) {
    const std::uint32_t group = mine[other.groups_[i]];
    if (!few) {
      sketch(group, other.values_[i]);
      continue;
    }
    groups_.push_back(group);
    values_.push_back(other.values_[i]);
  }
  for (std::size_t i = 0; i < other.sketches_.size(); ++i) {
    const std::uint32_t group = mine[i];
    if (group >= sketches_.size()) sketches_.resize(group + 1);
    const std::size_t before = sketches_[group].bytes();
    sketches_[group].merge(other.sketches_[i]);
    sketch_bytes_ += sketches_[group].bytes() - before;
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

core::Result<Aggregation> Aggregation::make(const Plan& plan) {
  Aggregation made;
  made.plan_ = &plan;
  for (const Distinct& distinct : plan.distincts) {
    made.distincts_.emplace_back(plan.space, distinct.coder.space());
  }
  const auto costs = [](const Aggregate& one) { return !one.distinct_of && is_cost(one.measure); };
  const auto& aggregates = plan.query->aggregates;
  if (std::any_of(aggregates.begin(), aggregates.end(), costs)) {
    auto pricer = plan.options->cost.open(*plan.reader);
    if (!pricer) return pricer.error();
    made.pricing_ = {plan.options->cost.columns, *std::move(pricer)};
  }
  for (const Aggregate& aggregate : aggregates) {
    if (aggregate.distinct_of) continue;
    auto found = std::find_if(made.measures_.begin(), made.measures_.end(), [&](const auto& known) {
      return known.measure == aggregate.measure;
    });
    if (found == made.measures_.end()) {
      made.measures_.push_back({aggregate.measure});
      found = made.measures_.end() - 1;
    }
    found->bounds |= aggregate.function == Function::min || aggregate.function == Function::max;
    if (aggregate.function == Function::percentile && !found->percentiles) {
      found->percentiles.emplace(plan.options->exact_values_max);
    }
  }
  return made;
}

void Aggregation::add(const Chunk& chunk, std::span<const std::uint32_t> rows,
                      std::span<const std::uint32_t> groups, std::size_t group_count) {
  calls_.resize(group_count);
  for (const std::uint32_t group : groups) ++calls_[group];
  values_.resize(rows.size());
  for (MeasurePlan& plan : measures_) {
    evaluate(plan.measure, pricing_, chunk, rows, values_.data());
    plan.states.resize(group_count);
    if (plan.bounds) {
      for (std::size_t i = 0; i < rows.size(); ++i) {
        const std::int64_t value = values_[i];
        if (value == kNull) continue;
        MeasureState& state = plan.states[groups[i]];
        state.min = state.count == 0 ? value : std::min(state.min, value);
        state.max = state.count == 0 ? value : std::max(state.max, value);
        ++state.count;
        state.sum += value;
      }
    } else {
      // Without a branch: what is not known adds 0.
      for (std::size_t i = 0; i < rows.size(); ++i) {
        const std::int64_t value = values_[i];
        const bool known = value != kNull;
        MeasureState& state = plan.states[groups[i]];
        state.count += known ? 1 : 0;
        state.sum += known ? value : 0;
      }
    }
    if (plan.percentiles) plan.percentiles->add(groups, values_.data());
  }
  for (std::size_t d = 0; d < distincts_.size(); ++d) {
    const Coder& coder = plan_->distincts[d].coder;
    picked_.resize(rows.size());
    codes_.resize(rows.size());
    const std::int64_t* column = chunk.of(coder.column());
    for (std::size_t i = 0; i < rows.size(); ++i) picked_[i] = column[rows[i]];
    coder.codes(picked_, codes_.data());
    for (std::size_t i = 0; i < rows.size(); ++i) distincts_[d].add(groups[i], codes_[i]);
  }
}

void Aggregation::merge(Aggregation& other, std::span<const std::uint32_t> mine,
                        std::size_t group_count) {
  calls_.resize(group_count);
  for (std::size_t i = 0; i < other.calls_.size(); ++i) calls_[mine[i]] += other.calls_[i];
  for (std::size_t m = 0; m < measures_.size(); ++m) {
    MeasurePlan& plan = measures_[m];
    MeasurePlan& theirs = other.measures_[m];
    plan.states.resize(group_count);
    for (std::size_t i = 0; i < theirs.states.size(); ++i) {
      const MeasureState& from = theirs.states[i];
      MeasureState& to = plan.states[mine[i]];
      if (from.count == 0) continue;
      to.min = to.count == 0 ? from.min : std::min(to.min, from.min);
      to.max = to.count == 0 ? from.max : std::max(to.max, from.max);
      to.count += from.count;
      to.sum += from.sum;
    }
    if (plan.percentiles) plan.percentiles->merge(*theirs.percentiles, mine);
  }
  for (std::size_t d = 0; d < distincts_.size(); ++d)
    distincts_[d].merge(other.distincts_[d], mine);
  pricing_.unpriced += other.pricing_.unpriced;
  pricing_.partly += other.pricing_.partly;
  pricing_.estimated += other.pricing_.estimated;
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
    for (std::size_t d = 0; d < distincts_.size(); ++d) {
      if (plan_->distincts[d].dimension == *aggregate.distinct_of) {
        cell.integer = distincts_[d].of(group);
      }
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
  for (const auto& counts : distincts_) sum += counts.bytes();
  return sum;
}

}  // namespace hansard::projections::query
