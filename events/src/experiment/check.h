#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/result.h"
#include "events/experiment/facts.h"

/// What types cannot say about the fields of one event. Private to src/experiment.
namespace hansard::events {

/// Errors: invalid_argument with the bare field name; too_large.
core::Status check_event(const ExperimentEvent& event);

/// Shares of variants that exist, and a coverage under which each of them gets units. Errors:
/// invalid_argument with `field`, or `coverage`.
core::Status check_shares(const std::vector<std::uint32_t>& shares, std::uint32_t coverage,
                          const std::string& field);

}  // namespace hansard::events
