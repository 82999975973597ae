#include <random>

#include "events/pricing/rate_card.h"
#include "pricing_checks.h"

namespace hansard::events::pricing {
namespace {

constexpr std::uint64_t kSeed = 20261121;
constexpr int kRounds = 20'000;

/// Prices, calls and conditions by chance: any class may lack a price, any threshold may apply.
class Chance {
 public:
  std::uint64_t below(std::uint64_t end) {
    return std::uniform_int_distribution<std::uint64_t>(0, end - 1)(engine_);
  }
  Rates rates(PicoUsd max) {
    Rates out;
    for (auto& pico : out.pico) {
      if (below(3) != 0) pico = static_cast<PicoUsd>(below(static_cast<std::uint64_t>(max) + 1));
    }
    return out;
  }
  TierRates tiers(PicoUsd max) {
    TierRates out;
    for (auto& each : out) {
      if (below(2) == 0) each = rates(max);
    }
    return out;
  }
  Price price(PicoUsd max) {
    Price out;
    out.rates = tiers(max);
    std::uint64_t threshold = 0;
    for (auto left = below(3); left > 0; --left) {
      threshold += 1 + below(2'000'000);
      out.long_context.push_back({threshold, below(2) == 0 ? Edge::above : Edge::from, tiers(max)});
    }
    out.regions.push_back({"eu", static_cast<std::uint32_t>(1000 + below(200))});
    return out;
  }
  TokenCounts counts(std::uint64_t max) {
    TokenCounts out;
    for (std::size_t i = 0; i < kTokenClasses; ++i) {
      if (below(2) == 0) out.set(static_cast<TokenClass>(i), below(max + 1));
    }
    return out;
  }
  Conditions conditions() {
    return {static_cast<ServiceTier>(below(kServiceTiers)), below(2) == 0 ? "eu" : ""};
  }

 private:
  std::mt19937_64 engine_{kSeed};
};

TEST(CostProperties, ClassesAddUpToTheSumAndNothingIsNegative) {
  Chance chance;
  for (int round = 0; round < kRounds; ++round) {
    SCOPED_TRACE("seed " + std::to_string(kSeed) + ", round " + std::to_string(round));
    const Price price = chance.price(600'000'000);
    const TokenCounts counts = chance.counts(1'000'000);
    const Cost cost = cost_of(price, counts, chance.conditions());
    PicoUsd sum = 0;
    for (std::size_t i = 0; i < kTokenClasses; ++i) {
      ASSERT_GE(cost.by_class[i], 0);
      sum += cost.by_class[i];
      const auto each = static_cast<TokenClass>(i);
      if (cost.unpriced.has(each)) {
        ASSERT_EQ(cost.by_class[i], 0);
        ASSERT_GT(counts[each], 0U);
      }
    }
    ASSERT_EQ(cost.pico_usd, sum);
    ASSERT_FALSE(cost.overflow);
  }
}

TEST(CostProperties, AClassCostsTheSameAloneAsTogetherWithinAThreshold) {
  Chance chance;
  for (int round = 0; round < kRounds; ++round) {
    SCOPED_TRACE("seed " + std::to_string(kSeed) + ", round " + std::to_string(round));
    Price price = chance.price(600'000'000);
    price.long_context.clear();
    const TokenCounts counts = chance.counts(1'000'000);
    const Conditions conditions = chance.conditions();
    const Cost together = cost_of(price, counts, conditions);
    PicoUsd sum = 0;
    for (std::size_t i = 0; i < kTokenClasses; ++i) {
      TokenCounts alone;
      alone.set(static_cast<TokenClass>(i), counts.count[i]);
      sum += cost_of(price, alone, conditions).pico_usd;
    }
    ASSERT_EQ(sum, together.pico_usd);
  }
}

TEST(CostProperties, MoreTokensNeverCostLessBelowAThreshold) {
  Chance chance;
  for (int round = 0; round < kRounds; ++round) {
    SCOPED_TRACE("seed " + std::to_string(kSeed) + ", round " + std::to_string(round));
    Price price = chance.price(600'000'000);
    price.long_context.clear();
    TokenCounts counts = chance.counts(1'000'000);
    const Conditions conditions = chance.conditions();
    const PicoUsd less = cost_of(price, counts, conditions).pico_usd;
    const auto grown = static_cast<TokenClass>(chance.below(kTokenClasses));
    counts.set(grown, counts[grown] + chance.below(1000));
    ASSERT_GE(cost_of(price, counts, conditions).pico_usd, less);
  }
}

/// The dearest model on the market asks 600 dollars per million tokens: a thousand million of them
/// fit, in every class that one could be without the others.
TEST(CostProperties, AThousandMillionTokensOfTheDearestModelFit) {
  Chance chance;
  for (int round = 0; round < kRounds; ++round) {
    const Price price = chance.price(600'000'000);
    TokenCounts counts;
    counts.set(static_cast<TokenClass>(chance.below(kTokenClasses)), 1'000'000'000);
    const Cost cost = cost_of(price, counts, chance.conditions());
    ASSERT_FALSE(cost.overflow) << "seed " << kSeed << ", round " << round;
    ASSERT_GE(cost.pico_usd, 0);
  }
}

TEST(CostProperties, ARateCardSaysTheSame) {
  Chance chance;
  for (int round = 0; round < kRounds; ++round) {
    SCOPED_TRACE("seed " + std::to_string(kSeed) + ", round " + std::to_string(round));
    Price price = chance.price(kMaxPicoPerToken);
    price.units[chance.below(kUnits)] = static_cast<PicoUsd>(chance.below(1'000'000'000));
    const Conditions conditions = chance.conditions();
    const RateCard card(price, conditions);
    for (int call = 0; call < 4; ++call) {
      const TokenCounts counts = chance.counts(call == 0 ? ~std::uint64_t{0} - 1 : 3'000'000);
      UnitCounts units{};
      units[chance.below(kUnits)] = chance.below(1000);
      const Cost cost = card.cost(counts, units);
      ASSERT_EQ(cost, cost_of(price, counts, conditions, units));
      if (!card.whole() || cost.overflow) continue;
      PicoUsd sum = cost.units;
      const ResolvedRates& at = card.at(input_tokens(counts));
      for (std::size_t i = 0; i < kTokenClasses; ++i) {
        if (at.rates.pico[i] == Rates::kNone) continue;
        sum += static_cast<PicoUsd>(counts.count[i]) * at.rates.pico[i];
      }
      ASSERT_EQ(sum, cost.pico_usd);
    }
    for (const LongContext& band : price.long_context) {  // at every threshold, and beside it
      for (const std::uint64_t input : {band.threshold - 1, band.threshold, band.threshold + 1}) {
        TokenCounts counts;
        counts.set(TokenClass::input_text, input);
        ASSERT_EQ(card.cost(counts), cost_of(price, counts, conditions));
      }
    }
  }
}

TEST(CostProperties, HugeCountsAreUnpricedNeverWrong) {
  Chance chance;
  for (int round = 0; round < kRounds; ++round) {
    const Price price = chance.price(kMaxPicoPerToken);
    const TokenCounts counts = chance.counts(~std::uint64_t{0} - 1);
    const Cost cost = cost_of(price, counts, chance.conditions());
    ASSERT_GE(cost.pico_usd, 0) << "seed " << kSeed << ", round " << round;
    ASSERT_TRUE(!cost.overflow || !cost.unpriced.empty());
  }
}

}  // namespace
}  // namespace hansard::events::pricing
