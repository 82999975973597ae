#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "events/pricing/cost.h"

namespace hansard::events::pricing {

/// What every class costs below one threshold and above another, all rules of `cost_of` applied.
struct ResolvedRates {
  std::uint64_t from = 0;  ///< input tokens from which these hold
  Rates rates;             ///< `kNone`: unpriced
  ClassSet estimated;
  ClassSet halved;  ///< of `rates`, half is meant
};

/// One price under one set of conditions, for costing many calls: about 36 ns each, less than half
/// of `cost_of`, and says the same. Immutable, thread-safe.
class RateCard {
 public:
  explicit RateCard(const Price& price, const Conditions& conditions = {});

  [[nodiscard]] Cost cost(const TokenCounts& counts, const UnitCounts& units = {}) const;

  // For those who go column by column: where `whole()`, a class costs tokens times its rate, in the
  // rates that the call's input tokens (cached ones included) reach.
  [[nodiscard]] std::span<const ResolvedRates> resolved() const { return resolved_; }
  [[nodiscard]] const ResolvedRates& at(std::uint64_t input_tokens) const;
  /// No surcharge and no halves: nothing is rounded.
  [[nodiscard]] bool whole() const { return whole_; }

 private:
  std::vector<ResolvedRates> resolved_;  ///< by rising `from`; the first is 0
  std::array<PicoUsd, kUnits> units_{};
  std::uint32_t permille_ = 1000;
  bool whole_ = true;
};

}  // namespace hansard::events::pricing
