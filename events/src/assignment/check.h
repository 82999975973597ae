#pragma once

#include "core/result.h"
#include "events/assignment/facts.h"

/// What types cannot say about the fields of one event. Private to src/assignment.
namespace hansard::events {

/// Errors: invalid_argument with the bare field name; too_large.
core::Status check_event(const AssignmentEvent& event);

}  // namespace hansard::events
