#pragma once

#include <string>
#include <variant>

#include "events/json.h"

namespace hansard::projections {

/// What the filter took out of a recorded event, by rule and how often (`{"email":1}`); null when
/// nothing, or the type of event knows of no filter. Borrowed from `event`.
/// @tparam Events  a variant of events
template <class Events>
const events::Json* filtered_of(const Events& event) {
  return std::visit(
      [](const auto& each) -> const events::Json* {
        if constexpr (requires { each.filtered; }) {
          return each.filtered ? &*each.filtered : nullptr;
        } else {
          return nullptr;
        }
      },
      event);
}

/// The same as people read it, `removed: email 1, card 2`; empty for null.
std::string filtered_text(const events::Json* filtered);

}  // namespace hansard::projections
