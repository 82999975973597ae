#include "budget_book.h"

#include <algorithm>
#include <utility>

namespace hansard::gateway {

/// Each once: several budgets may limit the same use.
std::vector<BudgetBook::Entry*> BudgetBook::entries_of(const std::string& project,
                                                       std::span<const BudgetClaim> claims) {
  std::vector<Entry*> found;
  for (const BudgetClaim& claim : claims) {
    const auto entry = entries_.find({project, claim.name});
    if (entry == entries_.end()) continue;
    if (std::find(found.begin(), found.end(), &entry->second) == found.end()) {
      found.push_back(&entry->second);
    }
  }
  return found;
}

BudgetBook::Verdict BudgetBook::admit(const std::string& project,
                                      std::span<const BudgetClaim> claims) {
  const std::lock_guard lock(mutex_);
  Verdict verdict;
  for (std::size_t i = 0; i < claims.size(); ++i) {
    const BudgetClaim& claim = claims[i];
    const auto entry = entries_.find({project, claim.name});
    if (entry == entries_.end()) {
      verdict.unknown.push_back(claim.name);
      continue;
    }
    ages_.splice(ages_.begin(), ages_, entry->second.age);
    const Use& use = entry->second.use;
    const bool allows = (!claim.requests || use.requests < *claim.requests) &&
                        (!claim.tokens || use.tokens < *claim.tokens) &&
                        (!claim.pico_usd || use.pico_usd < *claim.pico_usd);
    if (!allows && !verdict.broken) verdict.broken = i;
  }
  if (!verdict.unknown.empty()) verdict.broken.reset();
  if (!verdict.unknown.empty() || verdict.broken) return verdict;
  for (Entry* entry : entries_of(project, claims)) {
    ++entry->use.requests;
    ++entry->under_way;
  }
  return verdict;
}

void BudgetBook::learn(const std::string& project, const std::string& name, Use recorded) {
  const std::lock_guard lock(mutex_);
  const auto [entry, is_new] = entries_.try_emplace({project, name});
  if (!is_new) return;
  entry->second.use = recorded;
  ages_.push_front(entry->first);
  entry->second.age = ages_.begin();
  trim();
}

void BudgetBook::trim() {
  auto oldest = ages_.end();
  while (entries_.size() > kBudgetsMax && oldest != ages_.begin()) {
    --oldest;
    const auto entry = entries_.find(*oldest);
    if (entry->second.under_way != 0) continue;
    entries_.erase(entry);
    oldest = ages_.erase(oldest);
  }
}

void BudgetBook::spent(const std::string& project, std::span<const BudgetClaim> claims,
                       std::uint64_t tokens, events::pricing::WidePicoUsd pico_usd) {
  const std::lock_guard lock(mutex_);
  for (Entry* entry : entries_of(project, claims)) {
    entry->use.tokens += tokens;
    entry->use.pico_usd += pico_usd;
  }
}

void BudgetBook::give_back(const std::string& project, std::span<const BudgetClaim> claims) {
  const std::lock_guard lock(mutex_);
  for (Entry* entry : entries_of(project, claims)) --entry->use.requests;
}

void BudgetBook::over(const std::string& project, std::span<const BudgetClaim> claims) {
  const std::lock_guard lock(mutex_);
  for (Entry* entry : entries_of(project, claims)) --entry->under_way;
}

std::optional<BudgetBook::Use> BudgetBook::use(const std::string& project,
                                               const std::string& name) const {
  const std::lock_guard lock(mutex_);
  const auto entry = entries_.find({project, name});
  if (entry == entries_.end()) return {};
  return entry->second.use;
}

std::size_t BudgetBook::at_hand() const {
  const std::lock_guard lock(mutex_);
  return entries_.size();
}

}  // namespace hansard::gateway
