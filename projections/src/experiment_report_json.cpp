#include "projections/experiment_report_json.h"

#include <cmath>
#include <numeric>

#include "core/time.h"
#include "events/experiment/metric.h"
#include "events/experiment/power.h"
#include "events/experiment/sample_ratio.h"

namespace hansard::projections {

namespace {

namespace experiment = events::experiment;
using events::Json;
using experiment::Comparison;
using experiment::Decision;
using experiment::MetricRole;
using experiment::Observed;

/// With which power units are counted.
constexpr double kPower = 0.8;

Json number(double value) { return Json::number(value); }

Json effect_json(const experiment::Effect& effect, const experiment::Verdict& verdict) {
  Json out;
  out.add("estimate", number(effect.estimate));
  out.add("standard_error", number(effect.standard_error));
  out.add("lower", number(verdict.lower));
  out.add("upper", number(verdict.upper));
  return out;
}

Json comparison_json(const events::ExperimentCreated& plan, const Comparison& each) {
  Json out;
  out.add("variant", plan.variants[each.variant].name);
  out.add("enough", each.enough);
  if (each.absolute.known()) {
    out.add("absolute", effect_json(each.absolute, each.sequence));
    if (each.relative.known()) {
      out.add("relative", effect_json(each.relative, each.relative_sequence));
    }
    out.add("p", number(each.sequence.p));
    out.add("adjusted_p", number(each.adjusted_p));
    Json fixed;
    fixed.add("lower", number(each.fixed.lower));
    fixed.add("upper", number(each.fixed.upper));
    fixed.add("p", number(each.fixed.p));
    out.add("one_look", std::move(fixed));
  } else {
    out.add("unknown", to_word(each.absolute.reason));
  }
  out.add("better", each.better);
  out.add("worse", each.worse);
  if (each.role == MetricRole::guardrail) {
    out.add("harm_p", number(each.harm_p));
    out.add("harmful", each.harmful);
  }
  return out;
}

/// How much more it would take, of a metric whose verdict is open.
Json needed_json(const events::ExperimentCreated& plan, const Observed& control,
                 const Observed& treatment, const Comparison& each) {
  Json out{Json::Object{}};
  const double a = control.moments.variance;
  const double b = treatment.moments.variance;
  const double tuned = plan.horizon ? static_cast<double>(*plan.horizon) : experiment::kTunedFor;
  const std::uint64_t units = std::min(control.units, treatment.units);
  if (each.absolute.estimate != 0) {
    const std::uint64_t needed = experiment::units_needed_always_valid(each.absolute.estimate, a, b,
                                                                       plan.alpha, kPower, tuned);
    if (needed < experiment::kUnitsMost) out.add("units_per_variant", needed);
  }
  if (units > 0) {
    const double least = experiment::detectable(a, b, plan.alpha, kPower, units);
    if (std::isfinite(least)) out.add("detectable_at_one_look", number(least));
  }
  return out;
}

Json metric_json(const events::ExperimentCreated& plan, const ExperimentReport& report,
                 std::size_t metric) {
  const events::MetricPlan& planned = experiment::metric_at(plan, metric);
  Json out;
  out.add("metric", planned.name);
  out.add("role", to_word(experiment::role_of(plan, metric)));
  out.add("source", events::to_word(experiment::source_of(planned)));
  out.add("goal", events::to_word(experiment::goal_of(planned)));
  out.add("aggregate", events::to_word(experiment::aggregate_of(planned)));
  if (planned.category) out.add("category", *planned.category);
  if (planned.margin) out.add("margin", number(*planned.margin));
  Json variants = Json::Array{};
  for (std::size_t i = 0; i < plan.variants.size(); ++i) {
    const Observed& observed = report.seen.metrics[metric][i];
    Json each;
    each.add("variant", plan.variants[i].name);
    each.add("units", observed.units);
    each.add("values", observed.values);
    each.add("unusable", observed.unusable);
    if (observed.units > 0 && std::isfinite(observed.moments.mean) &&
        std::isfinite(observed.moments.variance)) {
      each.add("mean", number(observed.moments.mean));
      each.add("deviation", number(std::sqrt(observed.moments.variance)));
    }
    variants.push(std::move(each));
  }
  out.add("variants", std::move(variants));
  Json comparisons = Json::Array{};
  for (const Comparison& each : report.analysis.comparisons) {
    if (each.metric != metric) continue;
    Json json = comparison_json(plan, each);
    // Of a handful of units nobody knows what a unit is like.
    const bool open = each.enough && each.absolute.known() && !each.better && !each.worse;
    if (each.role == MetricRole::primary && open) {
      json.add("needed", needed_json(plan, report.seen.metrics[metric][0],
                                     report.seen.metrics[metric][each.variant], each));
    }
    comparisons.push(std::move(json));
  }
  out.add("comparisons", std::move(comparisons));
  return out;
}

Json variants_json(const events::ExperimentState& state, const ExperimentReport& report) {
  const auto& plan = *state.plan;
  const auto& shares = state.shares.back().of;
  Json out = Json::Array{};
  for (std::size_t i = 0; i < plan.variants.size(); ++i) {
    const events::VariantPlan& variant = plan.variants[i];
    Json each;
    each.add("variant", variant.name);
    if (variant.prompt) {
      each.add("prompt", variant.prompt->name +
                             (variant.prompt->version ? "@" + variant.prompt->version->text : ""));
    }
    if (variant.model) each.add("model", *variant.model);
    if (variant.provider) each.add("provider", *variant.provider);
    if (variant.parameters) each.add("parameters", *variant.parameters);
    const std::uint32_t share = i < shares.size() ? shares[i] : 0;
    each.add("weight", number(static_cast<double>(share) / events::kSharesWhole));
    each.add("exposed", report.exposed[i]);
    Json calls;
    calls.add("answered", report.seen.answered[i]);
    calls.add("failed", report.seen.failed[i]);
    calls.add("cached", report.seen.cached[i]);
    calls.add("refused", report.seen.refused[i]);
    each.add("calls", std::move(calls));
    out.push(std::move(each));
  }
  return out;
}

Json sample_ratio_json(const events::ExperimentState& state, const ExperimentReport& report) {
  Json out;
  out.add("p", number(report.analysis.sample_ratio_p));
  out.add("alarm", report.analysis.sample_ratio_alarm);
  out.add("alarm_below", number(experiment::kSampleRatioAlpha));
  Json editions = Json::Array{};
  for (std::size_t e = 0; e < report.seen.editions.size(); ++e) {
    const auto& counted = report.seen.editions[e];
    const auto units =
        std::accumulate(counted.exposed.begin(), counted.exposed.end(), std::uint64_t{0});
    const auto whole =
        std::accumulate(counted.shares.begin(), counted.shares.end(), std::uint64_t{0});
    Json each;
    each.add("edition", state.shares[e].edition);
    Json exposed{Json::Object{}};
    Json expected{Json::Object{}};
    for (std::size_t i = 0; i < counted.exposed.size(); ++i) {
      const std::string& name = state.plan->variants[i].name;
      exposed.add(name, counted.exposed[i]);
      const double part = static_cast<double>(counted.shares[i]) / static_cast<double>(whole);
      expected.add(name, number(static_cast<double>(units) * part));
    }
    each.add("exposed", std::move(exposed));
    each.add("expected", std::move(expected));
    editions.push(std::move(each));
  }
  out.add("editions", std::move(editions));
  return out;
}

Json decision_json(const events::ExperimentCreated& plan, const ExperimentReport& report) {
  const experiment::Analysis& analysis = report.analysis;
  Json out;
  out.add("decision", to_word(analysis.decision));
  if (analysis.variant) out.add("variant", plan.variants[*analysis.variant].name);
  if (analysis.metric) out.add("metric", experiment::metric_at(plan, *analysis.metric).name);
  Json reasons = Json::Array{};
  for (const std::string& reason : analysis.reasons) reasons.push(reason);
  out.add("reasons", std::move(reasons));
  return out;
}

}  // namespace

Json to_json(std::string_view name, const events::ExperimentState& state,
             const ExperimentReport& report) {
  const events::ExperimentCreated& plan = *state.plan;
  Json out;
  out.add("experiment", name);
  out.add("status", events::to_word(state.status));
  if (plan.hypothesis) out.add("hypothesis", *plan.hypothesis);
  out.add("unit", events::to_word(plan.unit));
  out.add("coverage",
          number(static_cast<double>(state.shares.back().coverage) / events::kSharesWhole));
  if (state.started_at) out.add("started_at", core::format_time(*state.started_at));
  if (report.first_exposure) {
    out.add("first_exposure", core::format_time(*report.first_exposure));
    out.add("latest_exposure", core::format_time(*report.latest_exposure));
  }
  out.add("alpha", number(plan.alpha));
  out.add("minimum_sample", plan.minimum_sample);
  if (plan.horizon) out.add("horizon", *plan.horizon);
  out.add("exposed",
          std::accumulate(report.exposed.begin(), report.exposed.end(), std::uint64_t{0}));
  out.add("verdict", decision_json(plan, report));
  out.add("variants", variants_json(state, report));
  out.add("sample_ratio", sample_ratio_json(state, report));
  Json metrics = Json::Array{};
  for (std::size_t m = 0; m < report.seen.metrics.size(); ++m) {
    metrics.push(metric_json(plan, report, m));
  }
  out.add("metrics", std::move(metrics));
  out.add("never_exposed", report.never_exposed);
  out.add("unexpected_outcomes", report.unexpected_outcomes);
  out.add("corrected", report.corrected);
  return out;
}

Json evidence_json(const events::ExperimentCreated& plan, const ExperimentReport& report) {
  Json out = decision_json(plan, report);
  out.add("position", report.seen.position);
  out.add("alpha", number(plan.alpha));
  out.add("sample_ratio_p", number(report.analysis.sample_ratio_p));
  const std::size_t metric = report.analysis.metric.value_or(0);
  out.add("compared", metric_json(plan, report, metric));
  return out;
}

}  // namespace hansard::projections
