#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "events/pricing/dollars.h"
#include "gateway/ports.h"
#include "outcome.h"

namespace hansard::gateway {

/// What a call to this model at this provider would be charged by is known.
/// Errors: those of reading prices; unavailable where there are none at all.
core::Result<bool> has_price(const Ports& ports, const core::ProjectId& project,
                             std::string_view provider, std::string_view model, core::Timestamp at);

/// What attempts cost, and how many of them nobody can say that of (they are not in the sum).
struct Charges {
  events::pricing::WidePicoUsd pico_usd = 0;
  std::uint64_t unpriced = 0;  ///< in whole or in part
};
void add_cost(const projections::Prices& prices, const core::ProjectId& project, const Spent& spent,
              std::optional<core::Timestamp> at, core::Position prices_as_of, Charges& to);

/// The same by today's prices. Errors: as `has_price`.
core::Result<Charges> cost_of(const Ports& ports, const core::ProjectId& project,
                              const std::vector<Spent>& spent);

}  // namespace hansard::gateway
