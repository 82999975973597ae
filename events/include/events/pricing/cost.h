#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "events/pricing/price.h"
#include "events/pricing/tokens.h"

namespace hansard::events::pricing {

/// What the price of a call depends on beside its tokens.
struct Conditions {
  ServiceTier tier = ServiceTier::standard;
  /// Where it was processed, as the response says (`eu`, `us`); empty: not said, no surcharge.
  std::string_view region = {};
};

/// Units of one call, such as searches. Index: `Unit`.
using UnitCounts = std::array<std::uint64_t, kUnits>;

/// The cost of one call by one price. A plain value.
struct Cost {
  PicoUsd pico_usd = 0;  ///< of everything that has a price: the sum of `by_class` and `units`
  std::array<PicoUsd, kTokenClasses> by_class{};
  PicoUsd units = 0;
  /// Tokens were counted here that have no price: they are not in the sum. 0 tokens are no such.
  ClassSet unpriced;
  std::uint8_t unpriced_units = 0;  ///< one bit per `Unit`, likewise
  /// Priced by assumption: batch at half the standard price, images and video read at the price of
  /// text, cache writes of unknown life time at the price of five minutes.
  ClassSet estimated;
  bool long_context = false;  ///< a threshold applied
  /// A product or sum left 64 bits (10^9 tokens at the dearest price do): its class is in
  /// `unpriced`, the sum is what still fitted.
  bool overflow = false;

  [[nodiscard]] bool complete() const { return unpriced.empty() && unpriced_units == 0; }
  bool operator==(const Cost&) const = default;
};

/// Prices each class by itself, so classes add up to the sum to the last pico-USD.
///
/// The rate of a class is looked for in four places: the call's tier in the highest threshold
/// reached, the standard tier there, then both below any threshold. In each, a class without a rate
/// of its own may have another's: reasoning costs as output; a cache write as a write of any life
/// time (`input_cache_write_other`), one of unknown life time as five minutes (estimated); images
/// and video read cost as text (estimated). Everything else without a rate is unpriced, never free.
/// Batch without a rate of its own is half the standard price (estimated). The regional surcharge
/// comes last. Where halves or surcharges leave a fraction, the class is rounded half up.
///
/// Pure; no allocation; about 90 ns. For many calls see `RateCard`.
Cost cost_of(const Price& price, const TokenCounts& counts, const Conditions& conditions = {},
             const UnitCounts& units = {});

}  // namespace hansard::events::pricing
