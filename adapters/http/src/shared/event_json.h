#pragma once

#include <string>

#include "core/event.h"

namespace hansard::http {

/// Appends an event as one JSON object, facts and content as they are stored (they were validated
/// on the way in). Absent members are unknown; `erased` says that content was destroyed.
///   {"position":7,"project":"default","stream":"session-s1","version":3,"type":"MessageSent",
///    "schema":1,"event_id":"...","recorded_at":"...","occurred_at":"...","actor":"...",
///    "correlation":"...","causation":"...","facts":{...},"content":{...}}
void append_event_json(const core::RecordedEvent& event, std::string& out);

}  // namespace hansard::http
