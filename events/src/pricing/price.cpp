#include "events/pricing/price.h"

namespace hansard::events::pricing {
namespace {

constexpr std::array<std::string_view, kServiceTiers> kTierWords{"standard", "flex", "priority",
                                                                 "batch", "fast"};
constexpr std::array<std::string_view, kUnits> kUnitWords{
    "web_search", "file_search", "code_interpreter", "request",
    "image",      "second",      "character",        "page"};

template <class E, std::size_t N>
std::optional<E> find(const std::array<std::string_view, N>& words, std::string_view word) {
  for (std::size_t i = 0; i < N; ++i) {
    if (words[i] == word) return static_cast<E>(i);
  }
  return std::nullopt;
}

}  // namespace

std::string_view to_word(ServiceTier tier) { return kTierWords.at(static_cast<std::size_t>(tier)); }

std::optional<ServiceTier> service_tier_from(std::string_view word) {
  return find<ServiceTier>(kTierWords, word);
}

std::optional<ServiceTier> service_tier_of_provider(std::string_view word) {
  // `default` of OpenAI, `on_demand` of Groq, `on-demand` and `default` of Bedrock.
  if (word == "default" || word == "on_demand" || word == "on-demand") return ServiceTier::standard;
  return service_tier_from(word);
}

std::string_view to_word(Unit unit) { return kUnitWords.at(static_cast<std::size_t>(unit)); }

std::optional<Unit> unit_from(std::string_view word) { return find<Unit>(kUnitWords, word); }

}  // namespace hansard::events::pricing
