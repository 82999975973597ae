#include "events/experiment/analysis.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>

#include "analysis_words.h"
#include "core/assert.h"
#include "events/experiment/corrections.h"
#include "events/experiment/metric.h"
#include "events/experiment/sample_ratio.h"

namespace hansard::events::experiment {
namespace {

/// One-sided sequences are tuned at twice this, which has to stay below 1.
constexpr double kOneSidedAlphaMax = 0.49;

/// One success and one failure more: how sure a proportion can be, also where a handful of
/// successes, or none, makes it look surer (Agresti and Caffo, "Simple and effective confidence
/// intervals for proportions", 2000).
Moments less_sure(const Moments& moments) {
  const double n = moments.n + 2;
  const double part = (moments.mean * moments.n + 1) / n;
  return {n, part, part * (1 - part)};
}

/// One yes or no a unit; of a ratio, whose units have several, the variance is another.
bool is_plain(const Moments& moments) {
  constexpr double kSlack = 1e-12;
  return std::fabs(moments.variance - moments.mean * (1 - moments.mean)) <= kSlack;
}

bool looks_too_sure(const Observed& control, const Observed& treatment) {
  if (!control.proportion || !treatment.proportion) return false;
  const bool one_is_constant = control.moments.variance <= 0 || treatment.moments.variance <= 0;
  return one_is_constant || (is_plain(control.moments) && is_plain(treatment.moments));
}

/// How a treatment differs from the control, where that can be told.
Effect compare(const Observed& control, const Observed& treatment, Scale scale) {
  if (!looks_too_sure(control, treatment)) {
    return effect_of(control.moments, treatment.moments, scale);
  }
  const Moments a = control.moments;
  const Moments b = treatment.moments;
  if (a.n < 2 || b.n < 2 || (scale == Scale::relative && a.mean == 0)) {
    return effect_of(a, b, scale);
  }
  Effect effect = effect_of(less_sure(a), less_sure(b), scale);
  // How sure it is, not how large: what was seen stays what was seen.
  const double difference = b.mean - a.mean;
  effect.estimate = scale == Scale::absolute ? difference : difference / std::fabs(a.mean);
  return effect;
}

bool finite(const Verdict& verdict) {
  return std::isfinite(verdict.lower) && std::isfinite(verdict.upper) && std::isfinite(verdict.p);
}

/// Likewise beyond a margin, in the direction that does harm.
double harm_p(const Observed& control, const Observed& treatment, const MetricPlan& metric,
              double alpha, double tuned_for) {
  const bool less_is_better = goal_of(metric) == Goal::decrease;
  // Beyond the margin: the control's mean as far towards harm as is tolerated.
  const double towards = (control.moments.mean < 0 ? -1.0 : 1.0) * (less_is_better ? 1.0 : -1.0);
  const double times = 1 + towards * metric.margin.value_or(0);
  const auto beyond = [&](Moments a, const Moments& b) {
    a.mean *= times;
    a.variance *= times * times;
    return effect_of(a, b, Scale::absolute);
  };
  Effect effect = beyond(control.moments, treatment.moments);
  if (looks_too_sure(control, treatment)) {
    effect = beyond(less_sure(control.moments), less_sure(treatment.moments));
    effect.estimate = treatment.moments.mean - times * control.moments.mean;
  }
  if (!effect.known()) return 1;
  const double p = always_valid(effect, std::min(alpha, kOneSidedAlphaMax), tuned_for,
                                less_is_better ? Sides::greater : Sides::less)
                       .p;
  return std::isfinite(p) ? p : 1;
}

Comparison comparison_of(const ExperimentCreated& plan, const Seen& seen, std::size_t metric,
                         std::size_t variant, double tuned_for) {
  const Observed& control = seen.metrics[metric][0];
  const Observed& treatment = seen.metrics[metric][variant];
  Comparison out;
  out.metric = metric;
  out.variant = variant;
  out.role = role_of(plan, metric);
  const std::uint64_t least =
      out.role == MetricRole::guardrail ? kGuardrailSample : plan.minimum_sample;
  out.enough = std::min(control.units, treatment.units) >= std::max<std::uint64_t>(least, 2);
  out.absolute = compare(control, treatment, Scale::absolute);
  if (out.absolute.known()) {
    out.sequence = always_valid(out.absolute, plan.alpha, tuned_for);
    out.fixed = fixed_horizon(out.absolute, plan.alpha);
    if (finite(out.sequence) && finite(out.fixed)) {
      out.adjusted_p = out.enough ? out.sequence.p : 1;
    } else {
      out.absolute = Effect{.reason = NoEffect::not_finite, .n = out.absolute.n};
      out.sequence = out.fixed = {};
    }
  }
  out.relative = compare(control, treatment, Scale::relative);
  if (out.relative.known()) {
    out.relative_sequence = always_valid(out.relative, plan.alpha, tuned_for);
    if (!finite(out.relative_sequence)) {
      out.relative = Effect{.reason = NoEffect::not_finite, .n = out.relative.n};
      out.relative_sequence = {};
    }
  }
  if (out.role == MetricRole::guardrail && out.enough) {
    out.harm_p = harm_p(control, treatment, metric_at(plan, metric), plan.alpha, tuned_for);
  }
  return out;
}

/// Corrects what `member` holds over the comparisons that `belongs` picks.
template <class Correct, class Belongs>
void correct(std::vector<Comparison>& all, double Comparison::*member, Correct&& correction,
             Belongs&& belongs) {
  std::vector<double> p;
  for (const Comparison& each : all) {
    if (belongs(each)) p.push_back(each.*member);
  }
  const std::vector<double> raised = correction(p);
  std::size_t next = 0;
  for (Comparison& each : all) {
    if (belongs(each)) each.*member = raised[next++];
  }
}

/// What a difference is worth: more is better.
double worth(const ExperimentCreated& plan, const Comparison& comparison) {
  const bool less = goal_of(metric_at(plan, comparison.metric)) == Goal::decrease;
  return less ? -comparison.absolute.estimate : comparison.absolute.estimate;
}

void judge(const ExperimentCreated& plan, std::vector<Comparison>& all) {
  for (std::size_t metric = 0; metric < metric_count(plan); ++metric) {
    if (role_of(plan, metric) == MetricRole::secondary) break;
    correct(all, &Comparison::adjusted_p, holm,
            [&](const Comparison& each) { return each.metric == metric; });
  }
  correct(all, &Comparison::adjusted_p, benjamini_hochberg,
          [](const Comparison& each) { return each.role == MetricRole::secondary; });
  correct(all, &Comparison::harm_p, holm,
          [](const Comparison& each) { return each.role == MetricRole::guardrail; });
  for (Comparison& each : all) {
    const bool differs = each.enough && each.absolute.known() && each.adjusted_p < plan.alpha;
    each.better = differs && worth(plan, each) > 0;
    each.worse = differs && worth(plan, each) < 0;
    each.harmful = each.harm_p < plan.alpha;
  }
}

void decide(const ExperimentCreated& plan, const Seen& seen, Analysis& out) {
  const auto say = [&](Decision decision, std::optional<std::size_t> variant,
                       std::optional<std::size_t> metric) {
    out.decision = decision;
    out.variant = variant;
    out.metric = metric;
  };
  if (out.sample_ratio_alarm) return say(Decision::blocked, {}, {});
  const Comparison* harm = nullptr;
  const Comparison* best = nullptr;
  bool all_worse = true;
  for (const Comparison& each : out.comparisons) {
    if (each.harmful && (harm == nullptr || each.harm_p < harm->harm_p)) harm = &each;
    if (each.role != MetricRole::primary) continue;
    all_worse = all_worse && each.worse;
    if (each.better && (best == nullptr || worth(plan, each) > worth(plan, *best))) best = &each;
  }
  if (harm != nullptr) return say(Decision::harm, harm->variant, harm->metric);
  if (best != nullptr) return say(Decision::winner, best->variant, 0);
  if (all_worse) return say(Decision::winner, 0, 0);
  std::uint64_t exposed = 0;
  for (const ExposureCounts& edition : seen.editions) {
    exposed = std::accumulate(edition.exposed.begin(), edition.exposed.end(), exposed);
  }
  if (plan.horizon && exposed >= *plan.horizon) say(Decision::no_difference, {}, {});
}

}  // namespace

std::string_view to_word(MetricRole role) {
  constexpr std::array<std::string_view, 3> kRoles{"primary", "guardrail", "secondary"};
  return kRoles[static_cast<std::size_t>(role)];
}

std::string_view to_word(Decision decision) {
  constexpr std::array<std::string_view, 5> kDecisions{"wait", "winner", "harm", "no_difference",
                                                       "blocked"};
  return kDecisions[static_cast<std::size_t>(decision)];
}

MetricRole role_of(const ExperimentCreated& plan, std::size_t metric) {
  if (metric == 0) return MetricRole::primary;
  return metric <= plan.guardrails.size() ? MetricRole::guardrail : MetricRole::secondary;
}

const MetricPlan& metric_at(const ExperimentCreated& plan, std::size_t metric) {
  if (metric == 0) return plan.metric;
  if (metric <= plan.guardrails.size()) return plan.guardrails[metric - 1];
  return plan.secondary[metric - 1 - plan.guardrails.size()];
}

std::size_t metric_count(const ExperimentCreated& plan) {
  return 1 + plan.guardrails.size() + plan.secondary.size();
}

double sample_ratio_p(std::span<const ExposureCounts> editions) {
  double evidence = 0;
  std::vector<std::uint64_t> counts;
  std::vector<double> weights;
  for (const ExposureCounts& edition : editions) {
    counts.clear();
    weights.clear();
    for (std::size_t i = 0; i < edition.shares.size(); ++i) {
      if (edition.shares[i] == 0 && edition.exposed[i] > 0) return 0;
      if (edition.shares[i] == 0) continue;
      counts.push_back(edition.exposed[i]);
      weights.push_back(edition.shares[i]);
    }
    if (counts.size() >= 2) evidence += sequential_sample_ratio_evidence(counts, weights);
  }
  return std::min(1.0, std::exp(-evidence));
}

Analysis analyse(const ExperimentCreated& plan, const Seen& seen) {
  HANSARD_ASSERT(plan.variants.size() >= 2 && seen.metrics.size() == metric_count(plan),
                 "a control, a treatment and every metric");
  Analysis out;
  out.sample_ratio_p = std::min(seen.sample_ratio_p, sample_ratio_p(seen.editions));
  out.sample_ratio_alarm = out.sample_ratio_p < kSampleRatioAlpha;
  const double tuned_for = plan.horizon ? static_cast<double>(*plan.horizon) : kTunedFor;
  for (std::size_t metric = 0; metric < seen.metrics.size(); ++metric) {
    HANSARD_ASSERT(seen.metrics[metric].size() == plan.variants.size(), "every variant");
    for (std::size_t variant = 1; variant < plan.variants.size(); ++variant) {
      out.comparisons.push_back(comparison_of(plan, seen, metric, variant, tuned_for));
    }
  }
  judge(plan, out.comparisons);
  decide(plan, seen, out);
  out.reasons = in_words(plan, seen, out);
  return out;
}

}  // namespace hansard::events::experiment
