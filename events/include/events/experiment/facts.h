#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "events/codec.h"
#include "events/experiment/plan.h"

/// The events of an experiment's stream, `experiment-<name>`. Field lists as in `session/facts.h`.
namespace hansard::events {

/// Why an experiment was ended before it came to an answer.
enum class StopReason : std::uint8_t { by_hand, guardrail, other };
/// What it came to.
enum class Conclusion : std::uint8_t { winner, no_difference, by_hand, other };
template <>
inline constexpr std::array<std::string_view, 2> kWords<StopReason>{"by_hand", "guardrail"};
template <>
inline constexpr std::array<std::string_view, 3> kWords<Conclusion>{"winner", "no_difference",
                                                                    "by_hand"};

/// Planned; no unit takes part yet. The plan never changes but for shares and coverage.
struct ExperimentCreated {
  static constexpr std::string_view kType = "ExperimentCreated";
  Unit unit = Unit::user;
  std::vector<VariantPlan> variants;
  std::string seed;
  std::uint32_t coverage = kCoverage;  ///< of kSharesWhole: units that take part at all
  std::optional<Eligibility> eligibility;
  MetricPlan metric;
  std::vector<MetricPlan> guardrails;
  std::vector<MetricPlan> secondary;
  std::uint64_t minimum_sample = kMinimumSample;  ///< units per variant, before any verdict
  double alpha = kAlpha;
  /// Units of all variants at which it ends without a difference, if none is found; the sequences
  /// are tightest there. Absent: it goes on, tightest at `experiment::kTunedFor`.
  std::optional<std::uint64_t> horizon;
  /// The label that moves to the winner's prompt version; absent: none does.
  std::optional<std::string> moves_label;
  /// The server looks by itself and acts on what it finds; else only when it is asked.
  bool automatic = false;
  std::optional<std::string> hypothesis;
  StringMap tags;  ///< that a call must have, in words: `eligibility.tag_hashes` are theirs
  std::optional<Json> metadata;
  template <class V>
  static void fields(V& v) {
    using E = ExperimentCreated;
    v.fact("unit", &E::unit, kDefaulted);
    v.fact("variants", &E::variants);
    v.fact("seed", &E::seed);
    v.fact("coverage", &E::coverage, kDefaulted);
    v.fact("eligibility", &E::eligibility);
    v.fact("metric", &E::metric);
    v.fact("guardrails", &E::guardrails);
    v.fact("secondary", &E::secondary);
    v.fact("minimum_sample", &E::minimum_sample, kDefaulted);
    v.fact("alpha", &E::alpha, kDefaulted);
    v.fact("horizon", &E::horizon);
    v.fact("moves_label", &E::moves_label);
    v.fact("automatic", &E::automatic);
    v.content("hypothesis", &E::hypothesis);
    v.content("tags", &E::tags);
    v.content("metadata", &E::metadata);
  }
};

/// Units take part, for the first time or again.
struct ExperimentStarted {
  static constexpr std::string_view kType = "ExperimentStarted";
  std::optional<std::string> comment;
  template <class V>
  static void fields(V& v) {
    v.content("comment", &ExperimentStarted::comment);
  }
};

/// No unit takes part for now.
struct ExperimentPaused {
  static constexpr std::string_view kType = "ExperimentPaused";
  std::optional<std::string> comment;
  template <class V>
  static void fields(V& v) {
    v.content("comment", &ExperimentPaused::comment);
  }
};

/// Units that come from now on are spread otherwise; those that came keep their variant.
struct ExperimentReweighted {
  static constexpr std::string_view kType = "ExperimentReweighted";
  std::uint32_t edition = 1;          ///< how many times this has happened, from 1
  std::vector<std::uint32_t> shares;  ///< in the order of the variants
  std::uint32_t coverage = kCoverage;
  std::optional<std::string> comment;
  template <class V>
  static void fields(V& v) {
    using E = ExperimentReweighted;
    v.derived("edition", &E::edition);
    v.fact("shares", &E::shares);
    v.fact("coverage", &E::coverage, kDefaulted);
    v.content("comment", &E::comment);
  }
};

/// Over, without an answer.
struct ExperimentStopped {
  static constexpr std::string_view kType = "ExperimentStopped";
  StopReason reason = StopReason::by_hand;
  std::optional<std::string> variant;  ///< that did harm
  std::optional<std::string> metric;   ///< by which
  std::optional<Json> evidence;        ///< numbers it rests on, and the position they are of
  std::optional<std::string> comment;
  template <class V>
  static void fields(V& v) {
    using E = ExperimentStopped;
    v.fact("reason", &E::reason, kDefaulted);
    v.fact("variant", &E::variant);
    v.fact("metric", &E::metric);
    v.fact("evidence", &E::evidence);
    v.content("comment", &E::comment);
  }
};

/// One variant is better. At most once in an experiment.
struct WinnerDeclared {
  static constexpr std::string_view kType = "WinnerDeclared";
  std::string variant;
  std::optional<Json> evidence;
  template <class V>
  static void fields(V& v) {
    v.fact("variant", &WinnerDeclared::variant);
    v.fact("evidence", &WinnerDeclared::evidence);
  }
};

/// Over, with an answer.
struct ExperimentConcluded {
  static constexpr std::string_view kType = "ExperimentConcluded";
  Conclusion conclusion = Conclusion::by_hand;
  std::optional<Json> evidence;
  std::optional<std::string> comment;
  template <class V>
  static void fields(V& v) {
    using E = ExperimentConcluded;
    v.fact("conclusion", &E::conclusion, kDefaulted);
    v.fact("evidence", &E::evidence);
    v.content("comment", &E::comment);
  }
};

using ExperimentEvent =
    std::variant<ExperimentCreated, ExperimentStarted, ExperimentPaused, ExperimentReweighted,
                 ExperimentStopped, WinnerDeclared, ExperimentConcluded, Unrecognised>;
using ExperimentCodec = Codec<ExperimentEvent>;
extern template class Codec<ExperimentEvent>;
/// The one of this build. Thread-safe.
const ExperimentCodec& experiment_codec();

}  // namespace hansard::events
