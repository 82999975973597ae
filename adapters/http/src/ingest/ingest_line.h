#pragma once

#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "core/event_log.h"
#include "http/context.h"
#include "shared/record_command.h"

namespace hansard::http {

/// What one line of `POST /v1/ingest` asks for: the same as the request of its own that it stands
/// for.
///   {"post":"/v1/sessions/s1/messages","body":{...},"idempotency_key":"..."}
/// `post` is `/v1/sessions`, one of the typed routes below a session, or `/v1/append`.
struct IngestWork {
  std::vector<std::string> streams;  ///< written by it, each once
  std::variant<PreparedCommand, core::AppendRequest> what;
};

/// @param author  of the whole upload; the line's own key takes the place of its key.
/// Errors: invalid_argument (no JSON object, unknown, repeated or missing members, another path),
/// too_large, and those of the route named.
core::Result<IngestWork> read_ingest_line(const Context& context, const Author& author,
                                          std::string_view line);

}  // namespace hansard::http
