#pragma once

#include <string>

#include "core/event.h"

namespace hansard::http {

/// Appends one line of an export, newline included: the event as `GET /v1/events` tells it, and
/// what else its stored bytes hold, so that they can be written again exactly:
///   `occurred_at_by_client`: true where the client gave that time
///   `salt`, or where the content was erased `commitment` instead of it: 64 hex digits
///   `facts`, `content`: the stored texts, byte by byte; as `facts_text`, `content_text` (a string
///     that holds the text) where a line could not hold them
/// Times are RFC 3339, or microseconds since 1970 as a number where that form cannot say them.
void append_export_line(const core::RecordedEvent& event, std::string& out);

}  // namespace hansard::http
