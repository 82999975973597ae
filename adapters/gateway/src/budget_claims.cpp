#include "budget_claims.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include "events/pricing/dollars.h"
#include "events/session/ids.h"
#include "projections/gateway_calls.h"

namespace hansard::gateway {

namespace {

using core::Timestamp;
using std::chrono::days;
using std::chrono::floor;
using std::chrono::months;
using std::chrono::sys_days;
using std::chrono::year_month_day;

constexpr std::size_t kHashChars = 32;
constexpr std::string_view kTag = "tag:";
constexpr std::string_view kNobody = "-";

struct Period {
  std::string name;
  std::optional<Timestamp> ends;
};

Period period_of(const std::string& kind, Timestamp at) {
  const auto today = floor<days>(at);
  const std::string date = core::format_time(Timestamp(today));
  if (kind == "day") return {date.substr(0, 10), Timestamp(today + days(1))};
  if (kind == "month") {
    const year_month_day day(today);
    const auto first_of_next = (day.year() / day.month() + months(1)) / 1;
    return {date.substr(0, 7), Timestamp(sys_days(first_of_next))};
  }
  return {"ever", {}};
}

std::string described(const BudgetOptions& budget, bool money) {
  std::string text;
  if (money) text = events::pricing::exact_dollars(*budget.pico_usd) + " dollars";
  if (!money && budget.requests) text = std::to_string(*budget.requests) + " requests";
  if (!money && budget.tokens) {
    if (!text.empty()) text += " and ";
    text += std::to_string(*budget.tokens) + " tokens";
  }
  text += budget.period == "ever" ? " in all" : " a " + budget.period;
  return text + (budget.by == "route" ? " for the route" : " for each " + budget.by);
}

}  // namespace

std::string caller_of(const std::string& by, const CallIdentity& identity,
                      const core::KeyedHash& keyed_hash) {
  if (by == "key") return "key:" + core::to_string(identity.actor);
  if (by == "user") {
    if (!identity.user) return "user:" + std::string(kNobody);
    return "user:" +
           events::user_hash(identity.project, *identity.user, keyed_hash).substr(0, kHashChars);
  }
  if (by.starts_with(kTag)) {
    const std::string key = by.substr(kTag.size());
    const auto tag = std::find_if(identity.tags.begin(), identity.tags.end(),
                                  [&](const auto& each) { return each.first == key; });
    const std::string caller = "tag." + key + ":";
    if (tag == identity.tags.end()) return caller + std::string(kNobody);
    return caller +
           events::tag_hash(identity.project, key, tag->second, keyed_hash).substr(0, kHashChars);
  }
  return "route";
}

std::vector<BudgetClaim> claims_of(const std::vector<BudgetOptions>& budgets,
                                   const std::string& route, const CallIdentity& identity,
                                   Timestamp at, const core::KeyedHash& keyed_hash) {
  std::vector<BudgetClaim> claims;
  for (const BudgetOptions& budget : budgets) {
    Period period = period_of(budget.period, at);
    BudgetClaim claim;
    claim.name = route + "/" + caller_of(budget.by, identity, keyed_hash) + "/" + period.name;
    claim.ends = period.ends;
    if (budget.pico_usd) {
      BudgetClaim money = claim;
      money.name += projections::kMoneyBudget;
      money.described = described(budget, true);
      money.pico_usd = budget.pico_usd;
      money.allows_unpriced = budget.allows_unpriced;
      claims.push_back(std::move(money));
    }
    if (budget.pico_usd && !budget.requests && !budget.tokens) continue;
    claim.described = described(budget, false);
    claim.requests = budget.requests;
    claim.tokens = budget.tokens;
    claims.push_back(std::move(claim));
  }
  return claims;
}

}  // namespace hansard::gateway
