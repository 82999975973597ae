#pragma once

#include <algorithm>
#include <optional>
#include <string_view>

#include "events/json.h"

/// OpenAI, Groq and others say beside the usage object how urgently they served a call
/// (`service_tier`). What tokens cost depends on it, and cost follows from facts alone, so the word
/// is kept in the fact `raw_usage`, as Anthropic writes it, and goes out beside it again.
namespace hansard::events::openai {

inline constexpr std::string_view kServiceTier = "service_tier";

/// Takes the word of `body` into its usage, unless that has one of its own.
inline void tier_into_usage(const Json& body, std::optional<Json>& raw_usage) {
  const Json* tier = body.find(kServiceTier);
  if (!raw_usage || tier == nullptr || !tier->is_string()) return;
  if (raw_usage->find(kServiceTier) == nullptr) raw_usage->add(std::string(kServiceTier), *tier);
}

/// The usage object of `body`, to which all else has been added. Where it had the word itself, the
/// answer does not rebuild equal, and who reads it keeps it whole.
inline Json usage_without_tier(Json raw_usage, const Json& body) {
  auto* members = raw_usage.if_object();
  if (members == nullptr || body.find(kServiceTier) == nullptr) return raw_usage;
  std::erase_if(*members, [](const Json::Member& each) { return each.key == kServiceTier; });
  return raw_usage;
}

}  // namespace hansard::events::openai
