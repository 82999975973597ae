#pragma once

#include "core/result.h"
#include "events/keys/facts.h"

/// What types cannot say about the fields of one event. Private to src/keys.
namespace hansard::events {

/// Errors: invalid_argument with the bare field name.
core::Status check_event(const KeyEvent& event);

}  // namespace hansard::events
