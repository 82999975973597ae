#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
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
  bool proportion = false;     ///< a part of a whole: between 0 and 1
  std::uint64_t units = 0;     ///< that have a value
  std::uint64_t values = 0;    ///< single values they have
  std::uint64_t unusable = 0;  ///< texts where a number is asked for, calls without a price, ...
};

/// Units that came while the shares were the same.
struct ExposureCounts {
  std::vector<std::uint32_t> shares;   ///< as planned, of the variants
  std::vector<std::uint64_t> exposed;  ///< units, of the variants
};

/// The always-valid p of all editions at once: the evidence of one multiplies that of the others
/// (`sequential_sample_ratio_p`). A variant whose share is 0 is expected to get no unit.
double sample_ratio_p(std::span<const ExposureCounts> editions);

/// All that was seen of an experiment as of a position.
struct Seen {
  std::vector<ExposureCounts> editions;        ///< oldest first
  double sample_ratio_p = 1;                   ///< the least always-valid p on the way here
  std::vector<std::vector<Observed>> metrics;  ///< [primary, guardrails, secondary][variant]
  // Calls that carried a variant, by what became of them: [variant]. Empty: not counted.
  std::vector<std::uint64_t> answered, failed, cached, refused;
  /// What lies before this is counted.
  std::uint64_t position = 0;
};

enum class MetricRole : std::uint8_t { primary, guardrail, secondary };
std::string_view to_word(MetricRole role);
/// By its place in `Seen::metrics`.
MetricRole role_of(const ExperimentCreated& plan, std::size_t metric);
const MetricPlan& metric_at(const ExperimentCreated& plan, std::size_t metric);
std::size_t metric_count(const ExperimentCreated& plan);

/// One metric of one treatment beside the control.
struct Comparison {
  std::size_t metric = 0;   ///< primary 0, then guardrails, then secondary ones
  std::size_t variant = 0;  ///< a treatment, from 1
  MetricRole role = MetricRole::primary;
  Effect absolute;  ///< its numbers and those of the verdicts are finite; 0 where it is not known
  Effect relative;
  Verdict sequence;           ///< absolute, two-sided, always valid; of a known effect
  Verdict relative_sequence;  ///< likewise relative
  Verdict fixed;              ///< absolute, two-sided: not valid while one looks
  /// Always valid, corrected: Holm over the treatments; of secondary metrics Benjamini-Hochberg
  /// over all of theirs, which tell and never decide.
  double adjusted_p = 1;
  bool better = false;  ///< at the plan's alpha, after correction, in the direction of the goal
  bool worse = false;
  double harm_p = 1;     ///< of a guardrail: one-sided beyond its margin, Holm over all of them
  bool harmful = false;  ///< `harm_p` below alpha
  bool enough = false;   ///< both variants have the units that a verdict needs; else none is given
};

enum class Decision : std::uint8_t {
  wait,           ///< nothing can be said yet
  winner,         ///< `variant` is better
  harm,           ///< `variant` does harm: stop
  no_difference,  ///< the horizon was reached without one
  blocked,        ///< units do not come in the shares asked for: nothing may be concluded
};
std::string_view to_word(Decision decision);

/// Units with a value in each of two variants from which a guardrail may speak, whatever the plan
/// says: harm is to be found before a winner is. Evidence: tests/events/experiment/README.md.
inline constexpr std::uint64_t kGuardrailSample = 100;

struct Analysis {
  std::vector<Comparison> comparisons;  ///< by metric, then variant
  bool sample_ratio_alarm = false;
  double sample_ratio_p = 1;
  Decision decision = Decision::wait;
  std::optional<std::size_t> variant;  ///< that won, or does harm
  std::optional<std::size_t> metric;   ///< that tells
  /// In words, for people: why this decision, what is missing, what to be careful about. The first
  /// says the decision.
  std::vector<std::string> reasons;
};

/// In this order: units that do not come in the shares asked for block every verdict; a guardrail
/// breached beyond its margin is harm; a treatment that is better by the primary metric (always
/// valid, Holm over the treatments, from the plan's minimum sample) wins, the best of them first,
/// and the control does when every treatment is worse; at the horizon there is no difference.
/// Whoever looks at an experiment as often as they like and acts on this is wrong at most in alpha
/// of the experiments without a difference. Pure. Cost: some microseconds a comparison.
/// @pre `seen` has the metrics and variants of the plan, which has at least two variants.
Analysis analyse(const ExperimentCreated& plan, const Seen& seen);

}  // namespace hansard::events::experiment
