#include "events/pricing/cost.h"

#include <limits>
#include <optional>

namespace hansard::events::pricing {
namespace {

__extension__ using Wide = __int128;

constexpr std::uint32_t kWhole = 1000;  ///< of a surcharge by the thousand

struct Rate {
  PicoUsd pico = 0;
  bool halved = false;     ///< batch without a price of its own
  bool estimated = false;  ///< of another class, by assumption
};

const LongContext* reached(const Price& price, std::uint64_t input) {
  const LongContext* highest = nullptr;
  for (const LongContext& each : price.long_context) {
    const bool in = each.edge == Edge::from ? input >= each.threshold : input > each.threshold;
    if (in) highest = &each;
  }
  return highest;
}

/// The class whose price holds where `token_class` has none of its own.
struct Substitute {
  TokenClass token_class;
  bool assumed;
};

std::optional<Substitute> substitute_of(TokenClass token_class) {
  switch (token_class) {
    case TokenClass::output_reasoning:
      return Substitute{TokenClass::output_text, false};
    case TokenClass::input_cache_write_5m:
    case TokenClass::input_cache_write_1h:
      return Substitute{TokenClass::input_cache_write_other, false};
    case TokenClass::input_cache_write_other:
      return Substitute{TokenClass::input_cache_write_5m, true};
    case TokenClass::input_image:
    case TokenClass::input_video:
      return Substitute{TokenClass::input_text, true};
    default:
      return std::nullopt;
  }
}

/// A substitute of the same tier and threshold comes before the class itself elsewhere: thinking in
/// a priority call costs as its output does there, not as thinking does in a standard one.
std::optional<Rate> in(const Rates& rates, TokenClass token_class, bool halved) {
  if (rates[token_class] != Rates::kNone) return Rate{rates[token_class], halved, false};
  const auto other = substitute_of(token_class);
  if (!other || rates[other->token_class] == Rates::kNone) return std::nullopt;
  return Rate{rates[other->token_class], halved, other->assumed};
}

std::optional<Rate> in(const TierRates& rates, ServiceTier tier, TokenClass token_class) {
  if (auto own = in(rates[static_cast<std::size_t>(tier)], token_class, false)) return own;
  if (tier == ServiceTier::standard) return std::nullopt;
  return in(rates[static_cast<std::size_t>(ServiceTier::standard)], token_class,
            tier == ServiceTier::batch);
}

std::optional<Rate> rate_of(const Price& price, const LongContext* band, ServiceTier tier,
                            TokenClass token_class) {
  if (band != nullptr) {
    if (auto rate = in(band->rates, tier, token_class)) return rate;
  }
  return in(price.rates, tier, token_class);
}

std::uint32_t surcharge(const Price& price, std::string_view region) {
  if (region.empty()) return kWhole;
  for (const Region& each : price.regions) {
    if (each.name == region) return each.permille;
  }
  return kWhole;
}

/// `count` at `rate`, rounded half up; nothing beyond 64 bits.
std::optional<PicoUsd> product(std::uint64_t count, const Rate& rate, std::uint32_t permille) {
  Wide exact = 0;
  if (__builtin_mul_overflow(static_cast<Wide>(count), static_cast<Wide>(rate.pico), &exact) ||
      __builtin_mul_overflow(exact, static_cast<Wide>(permille), &exact)) {
    return std::nullopt;
  }
  const Wide divisor = static_cast<Wide>(kWhole) * (rate.halved ? 2 : 1);
  exact = (exact + divisor / 2) / divisor;
  if (exact > std::numeric_limits<PicoUsd>::max()) return std::nullopt;
  return static_cast<PicoUsd>(exact);
}

}  // namespace

Cost cost_of(const Price& price, const TokenCounts& counts, const Conditions& conditions,
             const UnitCounts& units) {
  Cost cost;
  const LongContext* band =
      price.long_context.empty() ? nullptr : reached(price, input_tokens(counts));
  cost.long_context = band != nullptr;
  const std::uint32_t permille = surcharge(price, conditions.region);

  for (std::size_t i = 0; i < kTokenClasses; ++i) {
    if (counts.count[i] == 0) continue;
    const auto token_class = static_cast<TokenClass>(i);
    const auto rate = rate_of(price, band, conditions.tier, token_class);
    if (!rate) {
      cost.unpriced.add(token_class);
      continue;
    }
    const auto pico = product(counts.count[i], *rate, permille);
    PicoUsd sum = 0;
    if (!pico || __builtin_add_overflow(cost.pico_usd, *pico, &sum)) {
      cost.overflow = true;
      cost.unpriced.add(token_class);
      continue;
    }
    cost.pico_usd = sum;
    cost.by_class[i] = *pico;
    if (rate->halved || rate->estimated) cost.estimated.add(token_class);
  }

  for (std::size_t i = 0; i < kUnits; ++i) {
    if (units[i] == 0) continue;
    const bool priced = price.units[i] != Rates::kNone;
    // No provider lists a regional surcharge or a half price for these.
    const auto pico = priced ? product(units[i], Rate{price.units[i]}, kWhole) : std::nullopt;
    PicoUsd sum = 0;
    if (!pico || __builtin_add_overflow(cost.pico_usd, *pico, &sum)) {
      cost.overflow = cost.overflow || priced;
      cost.unpriced_units = static_cast<std::uint8_t>(cost.unpriced_units | (1U << i));
      continue;
    }
    cost.pico_usd = sum;
    cost.units += *pico;
  }
  return cost;
}

}  // namespace hansard::events::pricing
