#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "core/time.h"
#include "events/pricing/book.h"
#include "events/pricing/cost.h"
#include "events/session/usage.h"

namespace hansard::events::pricing {

/// Why a call has no cost at all. (One that has, may still lack some classes: `Cost::unpriced`.)
enum class NoCost : std::uint8_t {
  none,      ///< it has
  no_usage,  ///< nobody said how many tokens
  undated,   ///< when it was is not known, so neither is the price in force
  no_model,  ///< which model answered is not known
  no_price   ///< no book has a price for it at that time
};
std::string_view to_word(NoCost reason);

/// The facts of one call that its cost follows from.
struct CallToPrice {
  std::string_view provider = {};  ///< empty: not known
  std::string_view model = {};     ///< the one that answered; empty: not known
  std::optional<core::Timestamp> occurred_at = std::nullopt;
  std::optional<Usage> usage = std::nullopt;
  Conditions conditions = {};
  UnitCounts units{};
};

struct PricedCall {
  NoCost reason = NoCost::none;
  Cost cost;    ///< all 0 unless `reason` is none
  Match match;  ///< the price used
  /// Something in the sum rests on an assumption: a class (`Cost::estimated`), whose price it is,
  /// or since when it holds.
  bool estimated = false;
};

/// The cost of one call by the price in force when it occurred, as published before `end`.
/// For many calls ask `PriceBook::quote` once per model, then `cost_of` per call: this does both.
PricedCall cost_of(const PriceBook& book, std::string_view project, const CallToPrice& call,
                   core::Position end = PriceBook::kAll);

}  // namespace hansard::events::pricing
