#include "call_price.h"

#include "events/pricing/priced_call.h"

namespace hansard::gateway {

namespace pricing = events::pricing;
using core::Result;

namespace {

Result<std::shared_ptr<const projections::Prices>> prices_of(const Ports& ports,
                                                             const core::ProjectId& project) {
  if (!ports.prices) return core::Error{core::Errc::unavailable, "there are no prices"};
  return ports.prices(project);
}

}  // namespace

Result<bool> has_price(const Ports& ports, const core::ProjectId& project,
                       std::string_view provider, std::string_view model, core::Timestamp at) {
  const auto prices = prices_of(ports, project);
  if (!prices) return prices.error();
  return bool((*prices)->book.quote(project.text(), provider, model).at(at));
}

void add_cost(const projections::Prices& prices, const core::ProjectId& project, const Spent& spent,
              std::optional<core::Timestamp> at, core::Position prices_as_of, Charges& to) {
  pricing::CallToPrice call;
  call.provider = spent.provider;
  call.model = spent.model;
  call.occurred_at = at;
  call.usage = spent.usage;
  call.conditions.tier =
      pricing::service_tier_of_provider(spent.tier).value_or(pricing::ServiceTier::standard);
  const pricing::PricedCall priced =
      pricing::cost_of(prices.book, project.text(), call, prices_as_of);
  to.pico_usd += priced.cost.pico_usd;
  if (priced.reason != pricing::NoCost::none || !priced.cost.complete()) ++to.unpriced;
}

Result<Charges> cost_of(const Ports& ports, const core::ProjectId& project,
                        const std::vector<Spent>& spent) {
  const auto prices = prices_of(ports, project);
  if (!prices) return prices.error();
  Charges charges;
  for (const Spent& each : spent) {
    add_cost(**prices, project, each, ports.clock.now(), pricing::PriceBook::kAll, charges);
  }
  return charges;
}

}  // namespace hansard::gateway
