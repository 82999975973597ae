#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "events/experiment/effect.h"
#include "events/experiment/facts.h"
#include "events/experiment/sample.h"

/// What an experiment's numbers say, and the one decision that everything that announces a winner
/// rests on. Pure: counts come in, words go out.
namespace hansard::events::experiment {

/// Of one metric and one variant.
struct Observed {
  Moments moments;             ///< of one unit's value, by the metric's aggregate
  bool proportion = false;     ///< every value is 0 or 1
  std::uint64_t units = 0;     ///< that have a value
  std::uint64_t values = 0;    ///< single values they have
  std::uint64_t unusable = 0;  ///< texts where a number is asked for, calls without a price, ...
};

/// Units that came while the shares were the same.
struct ExposureCounts {
  std::vector<std::uint32_t> shares;   ///< as planned, of the variants
  std::vector<std::uint64_t> exposed;  ///< units, of the variants
};

/// All that was seen of an experiment as of a position.
struct Seen {
  std::vector<ExposureCounts> editions;  ///< oldest first
  double sample_ratio_p = 1;             ///< the least always-valid p so far
  std::vector<std::vector<Observed>> primary_guardrails_secondary;  ///< [metric][variant]
  // Calls that carried a variant, by what became of them: [variant].
  std::vector<std::uint64_t> answered, failed, cached, refused;
  /// Outcomes before this are counted.
  std::uint64_t position = 0;
};

enum class MetricRole : std::uint8_t { primary, guardrail, secondary };

/// One metric of one treatment beside the control.
struct Comparison {
  std::size_t metric = 0;   ///< primary 0, then guardrails, then secondary ones
  std::size_t variant = 0;  ///< a treatment, from 1
  MetricRole role = MetricRole::primary;
  Effect absolute;
  Effect relative;
  Verdict sequence;           ///< absolute, two-sided, always valid
  Verdict relative_sequence;  ///< likewise relative; meaningless where `relative` is not known
  Verdict fixed;              ///< absolute, two-sided: not valid while one looks
  double adjusted_p = 1;      ///< always-valid p after Holm over the treatments
  bool better = false;  ///< at the plan's alpha, after correction, in the direction of the goal
  bool worse = false;
  bool harmful = false;  ///< of a guardrail: one-sided, beyond its margin
  double harm_p = 1;     ///< of a guardrail
  bool enough = false;   ///< both variants have the minimum sample
};

enum class Decision : std::uint8_t {
  wait,           ///< nothing can be said yet
  winner,         ///< `variant` is better
  harm,           ///< `variant` does harm: stop
  no_difference,  ///< the horizon was reached without one
  blocked,        ///< units do not come in the shares asked for: nothing may be concluded
};

struct Analysis {
  std::vector<Comparison> comparisons;
  bool sample_ratio_alarm = false;
  double sample_ratio_p = 1;
  Decision decision = Decision::wait;
  std::optional<std::size_t> variant;  ///< that won, or does harm
  std::optional<std::size_t> metric;   ///< that tells
  /// In words, for people: why this decision, what is missing, what to be careful about.
  std::vector<std::string> reasons;
};

/// @pre `seen` has the metrics and variants of the plan.
Analysis analyse(const ExperimentCreated& plan, const Seen& seen);

}  // namespace hansard::events::experiment
