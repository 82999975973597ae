#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/event_log.h"
#include "events/json.h"
#include "http/context.h"

namespace hansard::http {

/// The body of `POST /v1/append`:
///   {"records":[{"stream":"custom-a","type":"Noted","schema":1,"event_id":"<uuid>",
///                "occurred_at":"<RFC 3339>","correlation":"<uuid>","causation":"<uuid>",
///                "facts":{},"content":{}}],
///    "checks":[{"stream":"custom-a","expected":"none"}],
///    "known":"fail"}
/// Needed are `records`, and of each record stream, type and facts. `expected` is `any`, `none`,
/// `exists` or a version. `known` is `fail` or `skip`.
struct AppendBody {
  std::vector<core::NewEvent> records;  ///< without salt and hashes; ids nil where none was given
  std::vector<core::Check> checks;
  core::Known known = core::Known::fail;
};

/// Errors: invalid_argument naming the field (`records[3].type`): unknown, repeated, missing, of
/// the wrong type or form; too_large (batch_records, event_bytes). What the vocabulary says about
/// the records is judged elsewhere (`events::validate_append`).
core::Result<AppendBody> read_append_body(const events::Json& body, const Context& context);

}  // namespace hansard::http
