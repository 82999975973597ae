#pragma once

#include <cstdint>
#include <list>
#include <map>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "budget_claims.h"
#include "events/pricing/dollars.h"

namespace hansard::gateway {

/// Budgets whose use is at hand. Those of calls under way stay, whatever their number.
inline constexpr std::size_t kBudgetsMax = 65'536;

/// What was used up of budgets: what the record says when it is first asked for, and all that came
/// since. A request counts when it is let through, so that calls at the same moment never get more
/// than there is; tokens count when the answer says what it cost, so calls under way may overdraw.
/// Threads: safe to call concurrently.
class BudgetBook {
 public:
  struct Use {
    std::uint64_t requests = 0;
    std::uint64_t tokens = 0;
    /// Of calls with a price.
    events::pricing::WidePicoUsd pico_usd = 0;
  };
  struct Verdict {
    std::vector<std::string> unknown;   ///< to be learned first; nothing is decided
    std::optional<std::size_t> broken;  ///< the first claim that refuses
  };

  /// Lets a call through where all claims allow it; then all are charged one request.
  Verdict admit(const std::string& project, std::span<const BudgetClaim> claims);
  /// What the record says; kept only where nobody has said it before.
  void learn(const std::string& project, const std::string& name, Use recorded);
  /// Of a call that was let through.
  void spent(const std::string& project, std::span<const BudgetClaim> claims, std::uint64_t tokens,
             events::pricing::WidePicoUsd pico_usd = 0);
  /// It was refused elsewhere, or came to nothing before anybody heard of it.
  void give_back(const std::string& project, std::span<const BudgetClaim> claims);
  /// It is on record, or never will be.
  void over(const std::string& project, std::span<const BudgetClaim> claims);

  [[nodiscard]] std::optional<Use> use(const std::string& project, const std::string& name) const;
  [[nodiscard]] std::size_t at_hand() const;

 private:
  using Key = std::pair<std::string, std::string>;
  struct Entry {
    Use use;
    std::size_t under_way = 0;
    std::list<Key>::iterator age;
  };
  std::vector<Entry*> entries_of(const std::string& project, std::span<const BudgetClaim> claims);
  void trim();

  mutable std::mutex mutex_;
  // All below is guarded by mutex_.
  std::map<Key, Entry> entries_;
  std::list<Key> ages_;  ///< latest first
};

}  // namespace hansard::gateway
