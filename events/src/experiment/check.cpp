#include "experiment/check.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "core/ids.h"
#include "events/experiment/metric.h"
#include "events/session/facts.h"

namespace hansard::events {
namespace {

using core::Ok;
using core::Status;

constexpr std::size_t kListedMax = 64;                  ///< of one list of an eligibility
constexpr std::size_t kParametersBytesMax = 16U << 10;  ///< of one variant
constexpr std::size_t kEvidenceBytesMax = 64U << 10;    ///< of one event
constexpr std::uint64_t kUnitsMax = 1'000'000'000'000;  ///< of a minimum sample, a horizon
constexpr double kMarginMax = 1'000;                    ///< a thousand times the control's mean

Status unless(bool fine, const std::string& field, const std::string& what) {
  return fine ? Status(Ok{}) : Status(bad_field(field, what));
}

Status name_like(std::string_view name, const std::string& field) {
  return unless(core::StreamId::is_plain_name(name) && name.size() <= kMaxIdentifierBytes, field,
                "expected 1 to 64 of A-Z a-z 0-9 . _ ~ -");
}

/// Members of the body that other members of a variant, or the conversation itself, are for.
Status check_parameters(const Json& parameters, const std::string& field) {
  const auto* members = parameters.if_object();
  if (members == nullptr) return bad_field(field, "expected an object");
  if (dump(parameters).size() > kParametersBytesMax) {
    return core::Error{
        .code = core::Errc::too_large,
        .message = field + ": over " + std::to_string(kParametersBytesMax) + " bytes",
        .field = field};
  }
  for (const auto& member : *members) {
    const std::string at = join_path(field, member.key);
    if (member.key == "model") return bad_field(at, "a variant has a member model for this");
    for (const std::string_view taken : {"messages", "input", "prompt", "system", "contents"}) {
      if (member.key == taken) return bad_field(at, "is the conversation itself; name a prompt");
    }
    if (member.key == "stream") return bad_field(at, "is for who calls to say");
  }
  if (auto repeated = first_duplicate_key(parameters)) {
    return bad_field(join_path(field, *repeated), "the field is repeated");
  }
  return Ok{};
}

Status check_variant(const VariantPlan& variant, const std::string& field) {
  if (auto s = name_like(variant.name, join_path(field, "name")); !s) return s;
  if (variant.prompt) {
    const std::string prompt = join_path(field, "prompt");
    if (!core::StreamId::is_plain_name(variant.prompt->name)) {
      return bad_field(join_path(prompt, "name"), "a name has 1 to 100 of A-Z a-z 0-9 . _ ~ -");
    }
    if (!variant.prompt->version || variant.prompt->version->text.empty()) {
      return bad_field(join_path(prompt, "version"),
                       "a variant is one version, as in greeting@2: a label may move");
    }
    if (variant.prompt->label) {
      return bad_field(join_path(prompt, "label"), "a variant is one version: a label may move");
    }
  }
  if (!variant.parameters) return Ok{};
  return check_parameters(*variant.parameters, join_path(field, "parameters"));
}

std::string sum_text(std::uint64_t sum) {
  const std::string digits = std::to_string(10'000 + sum % kSharesWhole);
  std::string text = std::to_string(sum / kSharesWhole) + "." + digits.substr(1);
  while (text.back() == '0') text.pop_back();
  if (text.back() == '.') text.pop_back();
  return text;
}

/// Every variant that has a share must be met by somebody.
Status check_coverage(const std::vector<std::uint32_t>& shares, std::uint32_t coverage) {
  if (coverage == 0 || coverage > kSharesWhole) {
    return bad_field("coverage", "expected a part of all units above 0, up to 1");
  }
  const bool met = std::all_of(shares.begin(), shares.end(), [&](std::uint32_t share) {
    return share == 0 || std::uint64_t{share} * coverage >= kSharesWhole;
  });
  return unless(met, "coverage", "leaves a variant without any unit");
}

Status check_variants(const ExperimentCreated& event) {
  const auto& variants = event.variants;
  if (variants.size() < 2 || variants.size() > kVariantsMax) {
    return bad_field("variants", "an experiment has 2 to " + std::to_string(kVariantsMax) +
                                     " variants, the control first");
  }
  std::vector<std::uint32_t> shares;
  for (std::size_t i = 0; i < variants.size(); ++i) {
    const std::string field = join_path("variants", i);
    if (auto s = check_variant(variants[i], field); !s) return s;
    for (std::size_t k = 0; k < i; ++k) {
      if (variants[k].name == variants[i].name) {
        return bad_field(join_path(field, "name"), "another variant is called " + variants[i].name);
      }
    }
    if (variants[i].share == 0) {
      return bad_field(join_path(field, "weight"), "is 0: leave the variant out instead");
    }
    shares.push_back(variants[i].share);
  }
  return check_shares(shares, event.coverage, "variants");
}

Status check_metric(const MetricPlan& metric, const std::string& field, bool guardrail) {
  const auto at = [&](std::string_view member) { return join_path(field, member); };
  if (metric.name.empty() || metric.name.size() > kMaxIdentifierBytes) {
    return bad_field(at("name"), "expected 1 to 64 bytes");
  }
  const bool of_calls = experiment::source_of(metric) == MetricSource::call;
  if (of_calls && !experiment::is_call_metric(metric.name)) {
    std::string known;
    for (const auto each : experiment::kCallMetrics) {
      known.append(known.empty() ? "" : ", ").append(each);
    }
    return bad_field(at("name"), "of calls are known " + known);
  }
  if (of_calls && metric.category) {
    return bad_field(at("category"), "is for scores; what is measured of calls is a number");
  }
  if (metric.category &&
      (metric.category->empty() || metric.category->size() > kMaxIdentifierBytes)) {
    return bad_field(at("category"), "expected 1 to 64 bytes");
  }
  if (!metric.margin) return Ok{};
  if (!guardrail) return bad_field(at("margin"), "is for guardrails");
  return unless(
      std::isfinite(*metric.margin) && *metric.margin >= 0 && *metric.margin <= kMarginMax,
      at("margin"), "expected a part of the control's mean, 0 or more");
}

Status check_metrics(const ExperimentCreated& event) {
  if (event.guardrails.size() > kGuardrailsMax) {
    return bad_field("guardrails", "at most " + std::to_string(kGuardrailsMax));
  }
  if (event.secondary.size() > kSecondaryMetricsMax) {
    return bad_field("secondary", "at most " + std::to_string(kSecondaryMetricsMax));
  }
  std::vector<const MetricPlan*> seen;
  const auto next = [&](const MetricPlan& metric, const std::string& field, bool guardrail) {
    if (auto s = check_metric(metric, field, guardrail); !s) return s;
    for (const MetricPlan* other : seen) {
      if (other->name == metric.name && other->category == metric.category) {
        return Status(bad_field(join_path(field, "name"), metric.name + " is named twice"));
      }
    }
    seen.push_back(&metric);
    return Status(Ok{});
  };
  if (auto s = next(event.metric, "metric", false); !s) return s;
  for (std::size_t i = 0; i < event.guardrails.size(); ++i) {
    if (auto s = next(event.guardrails[i], join_path("guardrails", i), true); !s) return s;
  }
  for (std::size_t i = 0; i < event.secondary.size(); ++i) {
    if (auto s = next(event.secondary[i], join_path("secondary", i), false); !s) return s;
  }
  return Ok{};
}

Status check_sizes(const ExperimentCreated& event) {
  if (event.minimum_sample < kMinimumSampleLeast || event.minimum_sample > kUnitsMax) {
    return bad_field("minimum_sample", "expected at least " + std::to_string(kMinimumSampleLeast) +
                                           " units a variant: fewer say nothing");
  }
  if (!(event.alpha > 0 && event.alpha < 0.5)) {
    return bad_field("alpha", "expected a probability above 0, below 0.5");
  }
  if (!event.horizon) return Ok{};
  const std::uint64_t least = event.minimum_sample * event.variants.size();
  return unless(
      *event.horizon >= least && *event.horizon <= kUnitsMax, "horizon",
      "expected at least " + std::to_string(least) + " units, the minimum sample of all variants");
}

/// A label moves on one prompt, so all variants are versions of it.
Status check_label(const ExperimentCreated& event) {
  if (!event.moves_label) return Ok{};
  if (auto s = name_like(*event.moves_label, "moves_label"); !s) return s;
  const auto& variants = event.variants;
  const bool same = std::all_of(variants.begin(), variants.end(), [&](const VariantPlan& each) {
    return each.prompt && each.prompt->name == variants.front().prompt->name;
  });
  return unless(variants.front().prompt && same, "moves_label",
                "needs every variant to name a version of one prompt");
}

Status check_eligibility(const ExperimentCreated& event) {
  if (!event.eligibility) return Ok{};
  const Eligibility& who = *event.eligibility;
  const auto within = [](const auto& list, std::string_view field) {
    return unless(list.size() <= kListedMax, join_path("eligibility", field),
                  "at most " + std::to_string(kListedMax));
  };
  if (auto s = within(who.agents, "agents"); !s) return s;
  if (auto s = within(who.models, "models"); !s) return s;
  if (auto s = within(who.providers, "providers"); !s) return s;
  return within(who.tag_hashes, "tags");
}

Status check_evidence(const std::optional<Json>& evidence) {
  if (!evidence) return Ok{};
  if (!evidence->is_object()) return bad_field("evidence", "expected an object");
  return unless(dump(*evidence).size() <= kEvidenceBytesMax, "evidence", "is over 65536 bytes");
}

Status check(const ExperimentCreated& event) {
  if (auto s = check_variants(event); !s) return s;
  if (auto s = unless(!event.seed.empty() && event.seed.size() <= kMaxFactTextBytes, "seed",
                      "expected 1 to " + std::to_string(kMaxFactTextBytes) + " bytes");
      !s) {
    return s;
  }
  if (auto s = check_metrics(event); !s) return s;
  if (auto s = check_sizes(event); !s) return s;
  if (auto s = check_label(event); !s) return s;
  if (event.metadata && !event.metadata->is_object()) {
    return bad_field("metadata", "expected an object");
  }
  return check_eligibility(event);
}

Status check(const ExperimentReweighted& event) {
  if (event.shares.size() < 2 || event.shares.size() > kVariantsMax) {
    return bad_field("shares", "one for each variant");
  }
  return check_shares(event.shares, event.coverage, "shares");
}

Status check(const ExperimentStopped& event) { return check_evidence(event.evidence); }
Status check(const ExperimentConcluded& event) { return check_evidence(event.evidence); }
Status check(const WinnerDeclared& event) {
  if (auto s = name_like(event.variant, "variant"); !s) return s;
  return check_evidence(event.evidence);
}

Status check(const ExperimentStarted&) { return Ok{}; }
Status check(const ExperimentPaused&) { return Ok{}; }
Status check(const Unrecognised&) { return Ok{}; }

}  // namespace

core::Status check_shares(const std::vector<std::uint32_t>& shares, std::uint32_t coverage,
                          const std::string& field) {
  const auto sum = std::accumulate(shares.begin(), shares.end(), std::uint64_t{0});
  if (sum != kSharesWhole) {
    return bad_field(field, "the weights add up to " + sum_text(sum) + ", not to 1");
  }
  return check_coverage(shares, coverage);
}

core::Status check_event(const ExperimentEvent& event) {
  return std::visit([](const auto& each) { return check(each); }, event);
}

}  // namespace hansard::events
