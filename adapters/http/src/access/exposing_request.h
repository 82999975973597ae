#pragma once

#include <optional>
#include <string>

#include "families.h"
#include "shared/record_command.h"

namespace hansard::http {

/// `POST /v1/sessions/{id}/requests` with a member `unit` beside `variant`: the request of a unit
/// of an experiment, made by an application that calls models itself. Its first one exposes the
/// unit in the same append.

/// The member `unit`, out of the body; nothing: it has none.
std::optional<events::Json> take_unit(events::Json& body);

/// Reads the log, so it goes on on the pool. Answers as the route does, and: not_found (no such
/// experiment), invalid_argument (no such variant), rejected (the unit has another variant on
/// record; it is new, and the experiment does not run).
void record_of_unit(const Context& context, const RecordKind& kind, const RequestPtr& request,
                    const Responder& respond, const Author& author, events::Json body,
                    std::string unit);

}  // namespace hansard::http
