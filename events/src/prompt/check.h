#pragma once

#include "core/result.h"
#include "events/prompt/facts.h"

/// What types cannot say about the fields of one event. Private to src/prompt.
namespace hansard::events {

/// Errors: invalid_argument with the bare field name; too_large.
core::Status check_event(const PromptEvent& event);

}  // namespace hansard::events
