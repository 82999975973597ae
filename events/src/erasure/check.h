#pragma once

#include "core/result.h"
#include "events/erasure/facts.h"

/// What types cannot say about the fields of one event. Private to src/erasure.
namespace hansard::events {

/// Errors: invalid_argument with the bare field name.
core::Status check_event(const ErasureEvent& event);

}  // namespace hansard::events
