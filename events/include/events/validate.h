#pragma once

#include "core/event.h"
#include "events/session/codec.h"

namespace hansard::events {

/// True when writing `event` asks for the `admin` scope: facts about the system, keys, and
/// anything in the reserved project `_log`. To be asked before `validate_append`.
bool needs_admin(const core::ProjectId& project, const core::NewEvent& event);

/// Judges a record of `POST /v1/append`: both payloads are whole, valid JSON objects; a type of the
/// vocabulary stands on a stream of its category and passes its codec; any other type is allowed
/// only on `custom-*` streams. `path` names the record (`records[3]`) in errors.
/// Errors: invalid_argument (with field), too_large (depth), unsupported (newer schema).
core::Status validate_append(const core::NewEvent& event, const SessionCodec& codec,
                             std::string_view path);

}  // namespace hansard::events
