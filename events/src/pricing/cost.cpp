#include "events/pricing/cost.h"

#include <limits>
#include <optional>

#include "events/pricing/rate_card.h"

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

/// `count` at `pico` each, rounded half up; nothing beyond 64 bits.
std::optional<PicoUsd> product(std::uint64_t count, PicoUsd pico, std::uint32_t permille,
                               bool halved) {
  if (permille == kWhole && !halved) {  // nearly always: no division of 128 bits
    PicoUsd exact = 0;
    if (__builtin_mul_overflow(count, pico, &exact)) return std::nullopt;
    return exact;
  }
  Wide exact = 0;
  if (__builtin_mul_overflow(static_cast<Wide>(count), static_cast<Wide>(pico), &exact) ||
      __builtin_mul_overflow(exact, static_cast<Wide>(permille), &exact)) {
    return std::nullopt;
  }
  const Wide divisor = static_cast<Wide>(kWhole) * (halved ? 2 : 1);
  exact = (exact + divisor / 2) / divisor;
  if (exact > std::numeric_limits<PicoUsd>::max()) return std::nullopt;
  return static_cast<PicoUsd>(exact);
}

ResolvedRates resolve(const Price& price, const LongContext* band, ServiceTier tier) {
  ResolvedRates out;
  if (band != nullptr) out.from = band->threshold + (band->edge == Edge::above ? 1 : 0);
  for (std::size_t i = 0; i < kTokenClasses; ++i) {
    const auto token_class = static_cast<TokenClass>(i);
    const auto rate = rate_of(price, band, tier, token_class);
    if (!rate) continue;
    out.rates.set(token_class, rate->pico);
    if (rate->halved) out.halved.add(token_class);
    if (rate->halved || rate->estimated) out.estimated.add(token_class);
  }
  return out;
}

void add_units(const std::array<PicoUsd, kUnits>& prices, const UnitCounts& units, Cost& cost) {
  for (std::size_t i = 0; i < kUnits; ++i) {
    if (units[i] == 0) continue;
    const bool priced = prices[i] != Rates::kNone;
    // No provider lists a regional surcharge or a half price for these.
    const auto pico = priced ? product(units[i], prices[i], kWhole, false) : std::nullopt;
    PicoUsd sum = 0;
    if (!pico || __builtin_add_overflow(cost.pico_usd, *pico, &sum)) {
      cost.overflow = cost.overflow || priced;
      cost.unpriced_units = static_cast<std::uint8_t>(cost.unpriced_units | (1U << i));
      continue;
    }
    cost.pico_usd = sum;
    cost.units += *pico;
  }
}

Cost cost_at(const ResolvedRates& at, std::uint32_t permille, const TokenCounts& counts) {
  Cost cost;
  cost.long_context = at.from != 0;
  for (std::size_t i = 0; i < kTokenClasses; ++i) {
    if (counts.count[i] == 0) continue;
    const auto token_class = static_cast<TokenClass>(i);
    const PicoUsd rate = at.rates.pico[i];
    if (rate == Rates::kNone) {
      cost.unpriced.add(token_class);
      continue;
    }
    const auto pico = product(counts.count[i], rate, permille, at.halved.has(token_class));
    PicoUsd sum = 0;
    if (!pico || __builtin_add_overflow(cost.pico_usd, *pico, &sum)) {
      cost.overflow = true;
      cost.unpriced.add(token_class);
      continue;
    }
    cost.pico_usd = sum;
    cost.by_class[i] = *pico;
    if (at.estimated.has(token_class)) cost.estimated.add(token_class);
  }
  return cost;
}

}  // namespace

Cost cost_of(const Price& price, const TokenCounts& counts, const Conditions& conditions,
             const UnitCounts& units) {
  const LongContext* band =
      price.long_context.empty() ? nullptr : reached(price, input_tokens(counts));
  Cost cost =
      cost_at(resolve(price, band, conditions.tier), surcharge(price, conditions.region), counts);
  add_units(price.units, units, cost);
  return cost;
}

RateCard::RateCard(const Price& price, const Conditions& conditions)
    : units_(price.units), permille_(surcharge(price, conditions.region)) {
  resolved_.push_back(resolve(price, nullptr, conditions.tier));
  for (const LongContext& band : price.long_context) {
    resolved_.push_back(resolve(price, &band, conditions.tier));
  }
  whole_ = permille_ == kWhole;
  for (const ResolvedRates& each : resolved_) whole_ = whole_ && each.halved.empty();
}

const ResolvedRates& RateCard::at(std::uint64_t input) const {
  std::size_t last = 0;
  for (std::size_t i = 1; i < resolved_.size() && input >= resolved_[i].from; ++i) last = i;
  return resolved_[last];
}

Cost RateCard::cost(const TokenCounts& counts, const UnitCounts& units) const {
  const ResolvedRates& rates = resolved_.size() == 1 ? resolved_.front() : at(input_tokens(counts));
  Cost cost = cost_at(rates, permille_, counts);
  if (units != UnitCounts{}) add_units(units_, units, cost);
  return cost;
}

}  // namespace hansard::events::pricing
