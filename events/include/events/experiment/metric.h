#pragma once

#include <array>
#include <string_view>

#include "events/experiment/plan.h"

/// What a metric's plan means where it does not say.
namespace hansard::events::experiment {

/// Measured of the calls themselves, without anybody sending anything.
inline constexpr std::array<std::string_view, 6> kCallMetrics{"errors",   "latency_us", "ttft_us",
                                                              "cost_usd", "tokens",     "calls"};
bool is_call_metric(std::string_view name);

/// Of the calls if the name is one of kCallMetrics, else of scores.
MetricSource source_of(const MetricPlan& metric);
/// More is better of scores and of `calls`, less of what else is measured of calls.
Goal goal_of(const MetricPlan& metric);
/// Scores: mean; cost, tokens and calls: sum; errors, latency and time to the first token: ratio.
Aggregate aggregate_of(const MetricPlan& metric);
/// Left out.
Missing missing_of(const MetricPlan& metric);

}  // namespace hansard::events::experiment
