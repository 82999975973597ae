#pragma once

#include <optional>
#include <string>

#include "events/json.h"
#include "events/pricing/cost.h"

namespace hansard::events::pricing {

/// What a provider's own usage object (`raw_usage` of an answer) says beyond tokens.
struct RawUsage {
  /// `service_tier`, and `speed` of Anthropic. (Where OpenAI and Groq say it beside the usage,
  /// their readers take it in: `dialects/openai/tier.h`.) Absent: not said, or in a word that we do
  /// not know.
  std::optional<ServiceTier> tier;
  std::string region;  ///< Anthropic `inference_geo`; empty: not said, or no place in particular
  UnitCounts units{};  ///< Anthropic `server_tool_use`, Perplexity `num_search_queries`
  /// What the provider says it charges: OpenRouter `cost`, Perplexity `cost.total_cost`, DeepInfra
  /// `estimated_cost` (dollars), xAI `cost_in_usd_ticks` (10^-10 dollars). To be shown beside ours.
  std::optional<PicoUsd> reported;

  [[nodiscard]] Conditions conditions() const {  ///< valid while this lives
    return {tier.value_or(ServiceTier::standard), region};
  }
  bool operator==(const RawUsage&) const = default;
};

/// Never fails: what it cannot read it leaves out.
RawUsage read_raw_usage(const Json& raw_usage);

}  // namespace hansard::events::pricing
