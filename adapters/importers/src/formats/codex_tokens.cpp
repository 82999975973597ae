#include "formats/codex_tokens.h"

#include <array>
#include <utility>

#include "formats/steps.h"

namespace hansard::importers {

using events::Json;
using events::openai::TokenCounts;

namespace {

constexpr std::array kCounters{&TokenCounts::input,       &TokenCounts::cached,
                               &TokenCounts::cache_write, &TokenCounts::output,
                               &TokenCounts::reasoning,   &TokenCounts::total};

/// A counter that fell: the counting began anew.
bool fell(const TokenCounts& before, const TokenCounts& now) {
  for (const auto counter : kCounters) {
    if ((now.*counter).value_or(0) < (before.*counter).value_or(0)) return true;
  }
  return false;
}

TokenCounts growth(const TokenCounts& before, const TokenCounts& now) {
  TokenCounts grown;
  for (const auto counter : kCounters) {
    if (now.*counter) grown.*counter = *(now.*counter) - (before.*counter).value_or(0);
  }
  return grown;
}

bool nothing(const TokenCounts& counts) {
  for (const auto counter : kCounters) {
    if ((counts.*counter).value_or(0) > 0) return false;
  }
  return true;
}

}  // namespace

std::optional<TokenCounts> codex_counts(const Json* json) {
  if (json == nullptr || !json->is_object()) return std::nullopt;
  TokenCounts counts;
  counts.input = count_at(*json, "input_tokens");
  counts.cached = count_at(*json, "cached_input_tokens");
  counts.cache_write = count_at(*json, "cache_write_input_tokens");
  counts.output = count_at(*json, "output_tokens");
  counts.reasoning = count_at(*json, "reasoning_output_tokens");
  counts.total = count_at(*json, "total_tokens");
  if (!counts.input && !counts.output && !counts.total) return std::nullopt;
  return counts;
}

TokenCounts codex_growth(const TokenCounts& before, const TokenCounts& now) {
  return fell(before, now) ? now : growth(before, now);
}

std::optional<CallUsage> CodexTokens::read(const Json& payload) {
  last_ = payload;
  const Json* info = present(payload, "info");
  if (info == nullptr || !info->is_object()) return std::nullopt;
  const auto total = codex_counts(present(*info, "total_token_usage"));
  const auto of_call = codex_counts(present(*info, "last_token_usage"));
  if (!total && !of_call) return std::nullopt;
  TokenCounts used;
  if (!total) {
    used = *of_call;
  } else {
    const bool again = fell(total_, *total);
    used = again ? of_call.value_or(*total) : growth(total_, *total);
    total_ = *total;
  }
  if (nothing(used)) return std::nullopt;
  CallUsage usage{events::openai::disjoint_usage(used), *info, std::nullopt};
  if (const Json* limits = present(payload, "rate_limits")) {
    usage.metadata = Json(Json::Object{{"rate_limits", *limits}});
  }
  return usage;
}

bool CodexTokens::repeats(const Json& payload) const {
  return last_.is_object() && same_tree(last_, payload);
}

}  // namespace hansard::importers
