#pragma once

#include <optional>
#include <string>
#include <vector>

#include "call_recorder.h"
#include "core/hash.h"
#include "gateway/routes.h"

namespace hansard::gateway {

/// A budget that a call falls under: whose, and of which period.
struct BudgetClaim {
  /// Of what is used up, as the call's event says it: `chat/key:<id>/2026-11-21`. Users and values
  /// of tags are keyed hashes.
  std::string name;
  std::string described;  ///< for people: `1000 requests a day for each key`
  std::optional<std::uint64_t> requests;
  std::optional<std::uint64_t> tokens;
  std::optional<std::int64_t> pico_usd;  ///< then `name` ends with `projections::kMoneyBudget`
  bool allows_unpriced = false;
  std::optional<core::Timestamp> ends;  ///< of the period
};

/// Pure. Calls that do not say a user or a tag share one budget.
/// @param route  its name
std::vector<BudgetClaim> claims_of(const std::vector<BudgetOptions>& budgets,
                                   const std::string& route, const CallIdentity& identity,
                                   core::Timestamp at, const core::KeyedHash& keyed_hash);

/// What tells one caller from another, as `by` of a limit or a budget asks: `route`, `key:<id>`,
/// `user:<keyed hash>`, `tag.<key>:<keyed hash>`.
std::string caller_of(const std::string& by, const CallIdentity& identity,
                      const core::KeyedHash& keyed_hash);

}  // namespace hansard::gateway
