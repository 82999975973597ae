#pragma once

#include "core/result.h"
#include "events/experiment/facts.h"

/// What types cannot say about the fields of one event. Private to src/experiment.
namespace hansard::events {

/// Errors: invalid_argument with the bare field name; too_large.
core::Status check_event(const ExperimentEvent& event);

}  // namespace hansard::events
