#include "analysis_words.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <numeric>

#include "events/experiment/metric.h"
#include "events/experiment/sample_ratio.h"

namespace hansard::events::experiment {
namespace {

/// Four digits that count.
std::string number(double value) {
  if (!std::isfinite(value)) return "a number too large";
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), "%.4g", value);
  return text.data();
}
std::string with_sign(double value) { return (value < 0 ? "" : "+") + number(value); }
std::string percent(double part) {
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), "%+.3g %%", part * 100);
  return text.data();
}
/// With a comma every three digits.
std::string count(std::uint64_t value) {
  std::string text = std::to_string(value);
  for (std::size_t at = text.size(); at > 3;) text.insert(at -= 3, 1, ',');
  return text;
}
std::string p_of(double p) { return p < 1e-6 ? "below 0.000001" : number(p); }

class Words {
 public:
  Words(const ExperimentCreated& plan, const Seen& seen, const Analysis& analysis)
      : plan_(plan), seen_(seen), analysis_(analysis) {}

  std::vector<std::string> all() {
    switch (analysis_.decision) {
      case Decision::blocked:
        blocked();
        break;
      case Decision::harm:
        harm();
        break;
      case Decision::winner:
        winner();
        break;
      case Decision::no_difference:
        say("No difference: " + count(exposed()) + " units came, " + count(*plan_.horizon) +
            " were planned, and no variant is better by " + plan_.metric.name + ".");
        break;
      case Decision::wait:
        wait();
        break;
    }
    if (analysis_.decision != Decision::blocked) caveats();
    return std::move(out_);
  }

 private:
  void say(std::string sentence) { out_.push_back(std::move(sentence)); }
  [[nodiscard]] const std::string& name(std::size_t variant) const {
    return plan_.variants[variant].name;
  }
  [[nodiscard]] const Observed& of(std::size_t metric, std::size_t variant) const {
    return seen_.metrics[metric][variant];
  }
  [[nodiscard]] const std::string& metric(const Comparison& each) const {
    return metric_at(plan_, each.metric).name;
  }
  [[nodiscard]] std::uint64_t exposed() const {
    std::uint64_t sum = 0;
    for (const ExposureCounts& each : seen_.editions) {
      sum = std::accumulate(each.exposed.begin(), each.exposed.end(), sum);
    }
    return sum;
  }
  [[nodiscard]] std::string alpha() const { return number(plan_.alpha); }

  /// Both means and what lies between them.
  [[nodiscard]] std::string between(const Comparison& each) const {
    std::string text = name(each.variant) + " has " +
                       number(of(each.metric, each.variant).moments.mean) + " beside " +
                       number(of(each.metric, 0).moments.mean) + " of " + name(0);
    if (!each.absolute.known()) return text;
    text += ", a difference of " + with_sign(each.absolute.estimate) + " [" +
            with_sign(each.sequence.lower) + ", " + with_sign(each.sequence.upper) + "]";
    if (each.relative.known()) text += " (" + percent(each.relative.estimate) + ")";
    return text;
  }
  [[nodiscard]] const Comparison* find(std::size_t metric, std::size_t variant) const {
    for (const Comparison& each : analysis_.comparisons) {
      if (each.metric == metric && each.variant == variant) return &each;
    }
    return nullptr;
  }

  void blocked() {
    std::string text = "Nothing may be concluded: units do not come in the shares asked for";
    for (const ExposureCounts& each : seen_.editions) {
      const std::uint64_t units =
          std::accumulate(each.exposed.begin(), each.exposed.end(), std::uint64_t{0});
      if (units == 0) continue;
      text += "; of " + count(units) + " units";
      for (std::size_t i = 0; i < each.exposed.size(); ++i) {
        text += (i == 0 ? " " : ", ") + name(i) + " got " + count(each.exposed[i]) +
                " and should have " +
                number(static_cast<double>(units) * each.shares[i] / kSharesWhole);
      }
    }
    say(text + " (p " + p_of(analysis_.sample_ratio_p) + ", alarm below " +
        number(kSampleRatioAlpha) + ").");
    say("Something drops or moves units of one variant; until that is found no comparison of "
        "these variants can be trusted.");
  }

  void harm() {
    const Comparison& each = *find(*analysis_.metric, *analysis_.variant);
    const MetricPlan& guardrail = metric_at(plan_, each.metric);
    std::string text =
        name(each.variant) + " does harm: by the guardrail " + guardrail.name + " " + between(each);
    if (guardrail.margin.value_or(0) > 0) {
      text += ", beyond the " + number(*guardrail.margin * 100) + " % that are tolerated";
    }
    say(text + " (p " + p_of(each.harm_p) + ", alpha " + alpha() + ").");
  }

  void winner() {
    if (*analysis_.variant == 0) {
      say("The control " + name(0) + " wins: every other variant is worse by " + plan_.metric.name +
          " (alpha " + alpha() + ").");
      for (const Comparison& each : analysis_.comparisons) {
        if (each.metric == 0) say(between(each) + " (p " + p_of(each.adjusted_p) + ").");
      }
      return;
    }
    const Comparison& best = *find(0, *analysis_.variant);
    say(name(best.variant) + " is better by " + plan_.metric.name + ": " + between(best) + " (p " +
        p_of(best.adjusted_p) + ", alpha " + alpha() + ").");
    for (const Comparison& each : analysis_.comparisons) {
      if (each.metric == 0 && each.better && each.variant != best.variant) {
        say(name(each.variant) + " is better than " + name(0) +
            ", too, by less; that the two differ is not said.");
      }
    }
  }

  void wait() {
    for (const Comparison& each : analysis_.comparisons) {
      if (each.metric != 0) continue;
      const Observed& control = of(0, 0);
      const Observed& treatment = of(0, each.variant);
      if (!each.enough) {
        say("Too early: of " + plan_.metric.name + " there are values of " + count(control.units) +
            " units of " + name(0) + " and " + count(treatment.units) + " of " +
            name(each.variant) + "; " + count(plan_.minimum_sample) + " each are asked for.");
      } else if (each.absolute.reason == NoEffect::zero_variance) {
        say("No verdict: every unit of " + name(0) + " and of " + name(each.variant) +
            " has the same " + plan_.metric.name + ", " + number(control.moments.mean) + " and " +
            number(treatment.moments.mean) + ", so that nothing says how much chance does.");
      } else if (!each.absolute.known()) {
        say("No verdict: the values of " + plan_.metric.name + " cannot be compared (" +
            std::string(to_word(each.absolute.reason)) + ").");
      } else {
        say("No difference is proven yet by " + plan_.metric.name + ": " + between(each) + " (p " +
            p_of(each.adjusted_p) + ", alpha " + alpha() + ").");
      }
    }
    if (plan_.horizon) {
      say(count(exposed()) + " of " + count(*plan_.horizon) + " planned units have come.");
    }
  }

  void caveats() {
    for (const Comparison& each : analysis_.comparisons) {
      if (each.role != MetricRole::guardrail) continue;
      if (!each.enough) {
        say("The guardrail " + metric(each) + " does not watch " + name(each.variant) + " yet: " +
            count(of(each.metric, 0).units) + " and " + count(of(each.metric, each.variant).units) +
            " units, " + count(kGuardrailSample) + " each are needed.");
      } else if (!each.absolute.known()) {
        say("The guardrail " + metric(each) + " cannot tell of " + name(each.variant) + " (" +
            std::string(to_word(each.absolute.reason)) + ").");
      }
    }
    for (std::size_t metric = 0; metric < seen_.metrics.size(); ++metric) {
      std::uint64_t unusable = 0;
      for (const Observed& each : seen_.metrics[metric]) unusable += each.unusable;
      if (unusable == 0) continue;
      say(count(unusable) + " values of " + metric_at(plan_, metric).name +
          " could not be used: no number, or a call without a price.");
    }
  }

  const ExperimentCreated& plan_;
  const Seen& seen_;
  const Analysis& analysis_;
  std::vector<std::string> out_;
};

}  // namespace

std::vector<std::string> in_words(const ExperimentCreated& plan, const Seen& seen,
                                  const Analysis& analysis) {
  return Words(plan, seen, analysis).all();
}

}  // namespace hansard::events::experiment
