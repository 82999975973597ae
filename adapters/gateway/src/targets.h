#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "fields.h"
#include "gateway/routes.h"

namespace hansard::gateway {

/// The target whose share `drawn` (evenly spread over 64 bits) falls on; null where none has one.
const Target* draw_target(std::span<const Target> targets, std::uint64_t drawn);

/// Where a call may go, in order: the target drawn, or else the provider of the route's name, then
/// the fallbacks.
std::vector<Target> plan_of(const RouteOptions& route, const std::string& name,
                            std::uint64_t drawn);

/// Whose calls carry the client's own key: the provider of the route's name, where it is among the
/// route's targets, else the first of them. A key is never shown to anybody else.
std::string keyholder_of(const RouteOptions& route, const std::string& name);
/// Takes the client's keys out.
void drop_keys(Fields& fields);

/// The body of a call with another model asked for: the value of the top-level member `model` is
/// replaced, every other byte stays. Nothing where it has no such member, or is not JSON.
std::optional<std::string> with_model(std::string_view body, std::string_view model);

}  // namespace hansard::gateway
