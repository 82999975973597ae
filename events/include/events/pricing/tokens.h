#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "events/session/usage.h"

namespace hansard::events::pricing {

/// The disjoint classes of `Usage`, in its order, as numbers: what is priced and summed by column.
enum class TokenClass : std::uint8_t {
  input_text,
  input_cache_read,
  input_cache_write_5m,
  input_cache_write_1h,
  input_cache_write_other,
  input_audio,
  input_image,
  input_video,
  output_text,
  output_reasoning,
  output_audio,
  output_image
};
inline constexpr std::size_t kTokenClasses = 12;

/// The name of a class as `Usage` has it, `input_text`.
std::string_view to_word(TokenClass token_class);
std::optional<TokenClass> token_class_from(std::string_view word);

/// A set of classes, one bit each.
class ClassSet {
 public:
  constexpr void add(TokenClass each) { bits_ |= bit(each); }
  [[nodiscard]] constexpr bool has(TokenClass each) const { return (bits_ & bit(each)) != 0; }
  [[nodiscard]] constexpr bool empty() const { return bits_ == 0; }
  [[nodiscard]] constexpr std::uint16_t bits() const { return bits_; }
  constexpr ClassSet& operator|=(ClassSet other) {
    bits_ |= other.bits_;
    return *this;
  }
  constexpr bool operator==(const ClassSet&) const = default;

 private:
  static constexpr std::uint16_t bit(TokenClass each) {
    return static_cast<std::uint16_t>(1U << static_cast<unsigned>(each));
  }
  std::uint16_t bits_ = 0;
};

/// Tokens of one call by class. What a source does not say is not in `known` and counts 0 here.
struct TokenCounts {
  std::array<std::uint64_t, kTokenClasses> count{};
  ClassSet known;

  void set(TokenClass token_class, std::uint64_t tokens) {
    count[static_cast<std::size_t>(token_class)] = tokens;
    known.add(token_class);
  }
  [[nodiscard]] std::uint64_t operator[](TokenClass token_class) const {
    return count[static_cast<std::size_t>(token_class)];
  }
  bool operator==(const TokenCounts&) const = default;
};

TokenCounts counts_of(const Usage& usage);

/// All input tokens, cached ones included: what thresholds of long contexts are compared with.
/// Saturates at 2^64-1.
std::uint64_t input_tokens(const TokenCounts& counts);

/// The same call as it had been without a cache: tokens read from it and written to it are plain
/// input. Its cost minus the real one is what the cache saved (negative where writes cost more).
TokenCounts without_cache(TokenCounts counts);

}  // namespace hansard::events::pricing
