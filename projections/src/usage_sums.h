#pragma once

#include <algorithm>
#include <optional>

#include "projections/counters.h"
#include "projections/usage.h"

/// Sums of sums.
namespace hansard::projections {

inline void add(DurationSums& sum, const DurationSums& more) {
  if (more.count == 0) return;
  sum.min_us = sum.count == 0 ? more.min_us : std::min(sum.min_us, more.min_us);
  sum.max_us = std::max(sum.max_us, more.max_us);
  sum.sum_us += more.sum_us;
  sum.count += more.count;
}

using Amount = std::optional<events::pricing::WidePicoUsd>;

inline void add(Amount& sum, const Amount& more) {
  if (more) sum = sum.value_or(0) + *more;
}

inline void add(CostSums& sum, const CostSums& more) {
  add(sum.cost, more.cost);
  add(sum.saved, more.saved);
  add(sum.as_model, more.as_model);
  sum.calls_unpriced += more.calls_unpriced;
  sum.calls_partly_priced += more.calls_partly_priced;
  sum.calls_cost_estimated += more.calls_cost_estimated;
}

inline void add(UsageSums& sum, const UsageSums& more) {
  sum.calls += more.calls;
  sum.failures += more.failures;
  sum.calls_without_usage += more.calls_without_usage;
  sum.calls_estimated += more.calls_estimated;
  if (more.costs) {
    if (!sum.costs) sum.costs.emplace();
    add(*sum.costs, *more.costs);
  }
  add_usage(sum.tokens, more.tokens);
  add(sum.latency, more.latency);
  add(sum.ttft, more.ttft);
}

}  // namespace hansard::projections
