#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "events/pricing/tokens.h"

namespace hansard::events::pricing {

/// 10^-12 US dollars. Every published price per token is a whole number of them.
using PicoUsd = std::int64_t;

/// Dearest price accepted per token: 10,000 dollars per million tokens, sixteen times the dearest
/// on the market. Anything above is taken for a mistake of units.
inline constexpr PicoUsd kMaxPicoPerToken = 10'000'000'000;
/// Dearest price accepted per unit (a search, a second, a page): 1,000 dollars.
inline constexpr PicoUsd kMaxPicoPerUnit = 1'000'000'000'000'000;

/// How urgently a call was served, as the *response* says.
enum class ServiceTier : std::uint8_t { standard, flex, priority, batch, fast };
inline constexpr std::size_t kServiceTiers = 5;

std::string_view to_word(ServiceTier tier);
/// `standard`, `flex`, `priority`, `batch`, `fast`: exactly these, as in price books.
std::optional<ServiceTier> service_tier_from(std::string_view word);
/// The tier in the words of providers: also `default` and `on_demand`. Nothing for a word that we
/// do not know (`auto` is what a request asks, not how it was served): that is not guessed.
std::optional<ServiceTier> service_tier_of_provider(std::string_view word);

/// What is sold otherwise than by token.
enum class Unit : std::uint8_t {
  web_search,
  file_search,
  code_interpreter,
  request,
  image,
  second,
  character,
  page
};
inline constexpr std::size_t kUnits = 8;

std::string_view to_word(Unit unit);
std::optional<Unit> unit_from(std::string_view word);

/// Pico-USD per token by class; absent is "no price", never 0.
struct Rates {
  static constexpr PicoUsd kNone = -1;
  std::array<PicoUsd, kTokenClasses> pico{kNone, kNone, kNone, kNone, kNone, kNone,
                                          kNone, kNone, kNone, kNone, kNone, kNone};

  void set(TokenClass token_class, PicoUsd price) {
    pico[static_cast<std::size_t>(token_class)] = price;
  }
  [[nodiscard]] PicoUsd operator[](TokenClass token_class) const {
    return pico[static_cast<std::size_t>(token_class)];
  }
  [[nodiscard]] bool empty() const { return *this == Rates{}; }
  bool operator==(const Rates&) const = default;
};

/// Rates of every service tier; a class that a tier does not list has the price of `standard`.
using TierRates = std::array<Rates, kServiceTiers>;

/// Where a threshold begins.
enum class Edge : std::uint8_t {
  above,  ///< `input > threshold` (nearly all; ranges `low < n <= high` are such thresholds)
  from    ///< `input >= threshold` (xAI)
};

/// Other rates for calls with much input. All or nothing: every token of such a call has them.
struct LongContext {
  std::uint64_t threshold = 0;  ///< input tokens, cached ones included
  Edge edge = Edge::above;
  TierRates rates;
  bool operator==(const LongContext&) const = default;
};

/// A surcharge for where a call is processed, by the thousand: 1100 is 10 % more.
struct Region {
  std::string name;
  std::uint32_t permille = 1000;
  bool operator==(const Region&) const = default;
};

/// What one model costs. A plain value; immutable once in a book.
struct Price {
  TierRates rates;
  std::vector<LongContext> long_context;  ///< by rising threshold
  std::vector<Region> regions;
  std::array<PicoUsd, kUnits> units{Rates::kNone, Rates::kNone, Rates::kNone, Rates::kNone,
                                    Rates::kNone, Rates::kNone, Rates::kNone, Rates::kNone};
  bool operator==(const Price&) const = default;
};

}  // namespace hansard::events::pricing
