#include "events/pricing/tokens.h"

#include <limits>

namespace hansard::events::pricing {
namespace {

/// The names, from `Usage` itself: one list of classes.
std::array<std::string_view, kTokenClasses> words() {
  std::array<std::string_view, kTokenClasses> out{};
  std::size_t next = 0;
  for_each_class(Usage{}, [&](std::string_view name, const std::optional<std::uint64_t>&) {
    out.at(next++) = name;
  });
  return out;
}

std::uint64_t plus(std::uint64_t a, std::uint64_t b) {
  const std::uint64_t sum = a + b;
  return sum < a ? std::numeric_limits<std::uint64_t>::max() : sum;
}

}  // namespace

std::string_view to_word(TokenClass token_class) {
  static const auto kWords = words();
  return kWords.at(static_cast<std::size_t>(token_class));
}

std::optional<TokenClass> token_class_from(std::string_view word) {
  for (std::size_t i = 0; i < kTokenClasses; ++i) {
    const auto each = static_cast<TokenClass>(i);
    if (to_word(each) == word) return each;
  }
  return std::nullopt;
}

TokenCounts counts_of(const Usage& usage) {
  TokenCounts out;
  std::size_t next = 0;
  for_each_class(usage, [&](std::string_view, const std::optional<std::uint64_t>& tokens) {
    if (tokens) out.set(static_cast<TokenClass>(next), *tokens);
    ++next;
  });
  return out;
}

std::uint64_t input_tokens(const TokenCounts& counts) {
  std::uint64_t sum = 0;
  for (std::size_t i = 0; i < static_cast<std::size_t>(TokenClass::output_text); ++i) {
    sum = plus(sum, counts.count[i]);
  }
  return sum;
}

TokenCounts without_cache(TokenCounts counts) {
  std::uint64_t text = counts[TokenClass::input_text];
  for (const auto cached :
       {TokenClass::input_cache_read, TokenClass::input_cache_write_5m,
        TokenClass::input_cache_write_1h, TokenClass::input_cache_write_other}) {
    if (!counts.known.has(cached)) continue;
    text = plus(text, counts[cached]);
    counts.set(cached, 0);
    counts.set(TokenClass::input_text, text);
  }
  return counts;
}

}  // namespace hansard::events::pricing
