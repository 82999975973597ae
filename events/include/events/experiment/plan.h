#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "events/json.h"
#include "events/session/fact_types.h"

/// What an experiment asks and how. Every field has a default that `read_plan` (plan_rules.h) fills
/// in, so that a stored plan says everything itself.
namespace hansard::events {

/// What is assigned to a variant as a whole.
enum class Unit : std::uint8_t { user, session, request, other };
/// Where the values of a metric come from. `score`: scores and outcomes of that name; `call`:
/// measured of the calls themselves: errors, latency_us, ttft_us, cost_usd, tokens, calls.
enum class MetricSource : std::uint8_t { score, call, other };
enum class Goal : std::uint8_t { increase, decrease, other };
/// What a unit's values are taken together to. `ratio` (errors, latency, ttft): sums over calls,
/// compared as a ratio of sums over units.
enum class Aggregate : std::uint8_t { mean, sum, last, ratio, other };
/// What a unit without a value counts as.
enum class Missing : std::uint8_t { left_out, zero, other };

template <>
inline constexpr std::array<std::string_view, 3> kWords<Unit>{"user", "session", "request"};
template <>
inline constexpr std::array<std::string_view, 2> kWords<MetricSource>{"score", "call"};
template <>
inline constexpr std::array<std::string_view, 2> kWords<Goal>{"increase", "decrease"};
template <>
inline constexpr std::array<std::string_view, 4> kWords<Aggregate>{"mean", "sum", "last", "ratio"};
template <>
inline constexpr std::array<std::string_view, 2> kWords<Missing>{"left_out", "zero"};

/// Shares are in parts of this.
inline constexpr std::uint32_t kSharesWhole = 10'000;

/// One arm; the first of a plan is the control. What it does not set stays as the call has it.
struct VariantPlan {
  std::string name;
  std::uint32_t share = 0;          ///< of kSharesWhole; the shares of a plan add up to that
  std::optional<PromptRef> prompt;  ///< with a version
  std::optional<std::string> model;
  std::optional<std::string> provider;  ///< a configured one
  std::optional<Json> parameters;       ///< members of the request's body, put over the call's own
  template <class V>
  static void fields(V& v) {
    v.field("name", &VariantPlan::name);
    v.field("share", &VariantPlan::share);
    v.field("prompt", &VariantPlan::prompt);
    v.field("model", &VariantPlan::model);
    v.field("provider", &VariantPlan::provider);
    v.field("parameters", &VariantPlan::parameters);
  }
};

struct MetricPlan {
  std::string name;
  std::optional<MetricSource> source;
  std::optional<Goal> goal;
  std::optional<Aggregate> aggregate;
  std::optional<Missing> missing;
  std::optional<std::string> category;  ///< the value is whether it is this text
  /// Of a guardrail: harm up to this is tolerated, as a part of the control's mean (0.05: 5 %).
  std::optional<double> margin;
  template <class V>
  static void fields(V& v) {
    v.field("name", &MetricPlan::name);
    v.field("source", &MetricPlan::source);
    v.field("goal", &MetricPlan::goal);
    v.field("aggregate", &MetricPlan::aggregate);
    v.field("missing", &MetricPlan::missing);
    v.field("category", &MetricPlan::category);
    v.field("margin", &MetricPlan::margin);
  }
};

/// Which calls may take part; what is empty asks nothing.
struct Eligibility {
  std::vector<std::string> agents;
  std::vector<std::string> models;  ///< that the client asks for
  std::vector<std::string> providers;
  StringMap tag_hashes;  ///< tag key -> keyed hash of the value it must have
  template <class V>
  static void fields(V& v) {
    v.field("agents", &Eligibility::agents);
    v.field("models", &Eligibility::models);
    v.field("providers", &Eligibility::providers);
    v.field("tag_hashes", &Eligibility::tag_hashes);
  }
};

// Bounds of a plan.
inline constexpr std::size_t kVariantsMax = 16;
inline constexpr std::size_t kGuardrailsMax = 8;
inline constexpr std::size_t kSecondaryMetricsMax = 16;
inline constexpr std::uint64_t kMinimumSampleLeast = 20;

// Defaults.
inline constexpr double kAlpha = 0.05;
inline constexpr std::uint64_t kMinimumSample = 200;  ///< units per variant
inline constexpr std::uint32_t kCoverage = kSharesWhole;

}  // namespace hansard::events
