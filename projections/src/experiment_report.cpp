#include "projections/experiment_report.h"

#include <algorithm>
#include <utility>

#include "events/experiment/metric.h"
#include "experiment_scan.h"
#include "facts/unit_rows.h"

namespace hansard::projections {

namespace {

using events::Aggregate;
using events::MetricPlan;
using events::Missing;
using events::experiment::MeanSums;
using events::experiment::Observed;
using events::experiment::ProportionSums;
using events::experiment::RatioSums;
using facts::Column;
using facts::kNull;
using Of = MetricRows::Of;

constexpr double kMillionths = 1e6;
constexpr double kPicoPerUsd = 1e12;

core::Result<std::int64_t> id_of(const facts::Reader& reader, Column column,
                                 std::string_view text) {
  const auto id = reader.find(column, text);
  if (!id) return id.error();
  return *id ? std::int64_t{**id} : kNull;
}

core::Result<MetricRows> rows_of(const facts::Reader& reader, const MetricPlan& metric) {
  MetricRows rows;
  rows.last = events::experiment::aggregate_of(metric) == Aggregate::last;
  if (events::experiment::source_of(metric) == events::MetricSource::call) {
    constexpr std::array<std::pair<std::string_view, Of>, 6> kNames{{{"errors", Of::errors},
                                                                     {"latency_us", Of::latency},
                                                                     {"ttft_us", Of::ttft},
                                                                     {"cost_usd", Of::cost},
                                                                     {"tokens", Of::tokens},
                                                                     {"calls", Of::calls}}};
    rows.of = Of::nothing;
    for (const auto& [name, of] : kNames) {
      if (metric.name == name) rows.of = of;
    }
    return rows;
  }
  const auto id = id_of(reader, Column::metric, metric.name);
  if (!id) return id.error();
  rows.metric = *id;
  if (!metric.category) return rows;
  rows.categorical = true;
  const auto category = id_of(reader, Column::category, *metric.category);
  if (!category) return category.error();
  // A category that nobody gave is no row's.
  rows.category = *category == kNull ? -1 : *category;
  return rows;
}

/// What one unit of a value is in the sums of the scan.
double scale_of(Of of) {
  if (of == Of::scores) return kMillionths;
  return of == Of::cost ? kPicoPerUsd : 1;
}

/// A metric of every variant, from the values of its units.
std::vector<Observed> observe(const MetricPlan& metric, const MetricRows& rows,
                              const std::vector<std::uint8_t>& variant_of,
                              const std::vector<UnitValue>& values, std::size_t variants) {
  const Aggregate aggregate = events::experiment::aggregate_of(metric);
  const bool zero = events::experiment::missing_of(metric) == Missing::zero;
  const double scale = scale_of(rows.of);
  std::vector<Observed> out(variants);
  std::vector<MeanSums> means(variants);
  std::vector<RatioSums> ratios(variants);
  std::vector<std::uint64_t> ones(variants);
  std::vector<std::uint64_t> neither(variants);  ///< units whose value is not 0 or 1
  for (std::size_t unit = 0; unit < values.size(); ++unit) {
    const std::uint8_t variant = variant_of[unit];
    if (variant == ExperimentScan::kNoVariant) continue;
    const UnitValue& value = values[unit];
    out[variant].values += value.count;
    if (aggregate == Aggregate::ratio) {
      if (value.count > 0) ratios[variant].add(value.sum / scale, value.count);
      continue;
    }
    if (value.count == 0 && !zero) continue;
    double number = value.count == 0 ? 0 : value.sum / scale;
    if (aggregate == Aggregate::mean && value.count > 1) number /= value.count;
    means[variant].add(number);
    if (number == 1) {
      ++ones[variant];
    } else if (number != 0) {
      ++neither[variant];
    }
  }
  for (std::size_t i = 0; i < variants; ++i) {
    if (aggregate == Aggregate::ratio) {
      out[i].moments = ratios[i].moments();
      out[i].units = ratios[i].n;
      out[i].proportion = rows.of == Of::errors;
      continue;
    }
    out[i].units = means[i].n;
    out[i].proportion = neither[i] == 0;
    out[i].moments =
        out[i].proportion ? ProportionSums{means[i].n, ones[i]}.moments() : means[i].moments();
  }
  return out;
}

core::Result<std::uint32_t> units_of(const core::ReadModel& model, const core::ProjectId& project,
                                     std::int64_t experiment) {
  const auto row = model.get(facts::units_key(project.text(), experiment));
  if (!row) return row.error();
  if (!*row) return std::uint32_t{0};
  row::Reader in(**row);
  const auto units = static_cast<std::uint32_t>(in.varint());
  if (!in.done()) return facts::damaged_row("a number of units");
  return units;
}

/// Every metric without a value, every share without a unit.
ExperimentReport nothing_seen(const events::ExperimentState& state) {
  ExperimentReport report;
  const std::size_t variants = state.plan->variants.size();
  const std::size_t metrics = events::experiment::metric_count(*state.plan);
  report.exposed.resize(variants);
  auto& seen = report.seen;
  seen.metrics.assign(metrics, std::vector<Observed>(variants));
  for (auto* calls : {&seen.answered, &seen.failed, &seen.cached, &seen.refused}) {
    calls->resize(variants);
  }
  for (const events::Shares& shares : state.shares) {
    auto& edition = seen.editions.emplace_back();
    edition.shares = events::buckets_taken(shares);
    edition.shares.resize(variants);
    edition.exposed.resize(variants);
  }
  return report;
}

}  // namespace

core::Result<ExperimentReport> experiment_report(const core::ReadModel& observations,
                                                 const core::ProjectId& project,
                                                 std::string_view name,
                                                 const events::ExperimentState& state,
                                                 const ReportOptions& asked) {
  ReportOptions options = asked;
  options.as_of = std::min(observations.checkpoint(), asked.as_of);
  ExperimentReport report = nothing_seen(state);
  const events::ExperimentCreated& plan = *state.plan;
  auto& seen = report.seen;
  seen.position = options.as_of.value;
  const auto reader = facts::Reader::open(observations, project);
  if (!reader) return reader.error();
  ExperimentScan::Plan scanned;
  const auto experiment = id_of(*reader, Column::experiment, name);
  if (!experiment) return experiment.error();
  scanned.experiment = *experiment;
  if (*experiment != kNull) {
    const auto units = units_of(observations, project, *experiment);
    if (!units) return units.error();
    scanned.units = *units;
  }
  if (scanned.units > 0) {
    const std::size_t fits = kReportBytesMax / (std::size_t{scanned.units} * sizeof(UnitValue));
    if (fits == 0) {
      return core::Error{core::Errc::too_large, "the experiment has " +
                                                    std::to_string(scanned.units) +
                                                    " units, more than a report can take"};
    }
    scanned.variants.assign(reader->texts(Column::variant), ExperimentScan::kNoVariant);
    for (std::size_t i = 0; i < plan.variants.size(); ++i) {
      const auto id = id_of(*reader, Column::variant, plan.variants[i].name);
      if (!id) return id.error();
      if (*id != kNull) {
        scanned.variants[static_cast<std::size_t>(*id)] = static_cast<std::uint8_t>(i);
      }
    }
    for (std::size_t begin = 0; begin < seen.metrics.size(); begin += fits) {
      const std::size_t end = std::min(seen.metrics.size(), begin + fits);
      scanned.metrics.clear();
      for (std::size_t m = begin; m < end; ++m) {
        const auto rows = rows_of(*reader, events::experiment::metric_at(plan, m));
        if (!rows) return rows.error();
        scanned.metrics.push_back(*rows);
      }
      ExperimentScan scan(*reader, scanned, options, report);
      if (auto s = scan.run(); !s) return s.error();
      for (std::size_t m = begin; m < end; ++m) {
        seen.metrics[m] =
            observe(events::experiment::metric_at(plan, m), scanned.metrics[m - begin],
                    scan.variants(), scan.values()[m - begin], plan.variants.size());
        for (std::size_t i = 0; i < plan.variants.size(); ++i) {
          seen.metrics[m][i].unusable = scan.unusable()[m - begin][i];
        }
      }
      if (scanned.first) {
        report.never_exposed = static_cast<std::uint64_t>(
            std::count(scan.variants().begin(), scan.variants().end(), ExperimentScan::kNoVariant));
      }
      scanned.first = false;
    }
  }
  report.analysis = events::experiment::analyse(plan, seen);
  return report;
}

}  // namespace hansard::projections
