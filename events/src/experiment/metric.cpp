#include "events/experiment/metric.h"

#include <algorithm>

namespace hansard::events::experiment {

bool is_call_metric(std::string_view name) {
  return std::find(kCallMetrics.begin(), kCallMetrics.end(), name) != kCallMetrics.end();
}

MetricSource source_of(const MetricPlan& metric) {
  if (metric.source) return *metric.source;
  return is_call_metric(metric.name) ? MetricSource::call : MetricSource::score;
}

Goal goal_of(const MetricPlan& metric) {
  if (metric.goal) return *metric.goal;
  const bool less = source_of(metric) == MetricSource::call && metric.name != "calls";
  return less ? Goal::decrease : Goal::increase;
}

Aggregate aggregate_of(const MetricPlan& metric) {
  if (metric.aggregate) return *metric.aggregate;
  if (source_of(metric) != MetricSource::call) return Aggregate::mean;
  const bool sum = metric.name == "cost_usd" || metric.name == "tokens" || metric.name == "calls";
  return sum ? Aggregate::sum : Aggregate::ratio;
}

Missing missing_of(const MetricPlan& metric) { return metric.missing.value_or(Missing::left_out); }

}  // namespace hansard::events::experiment
