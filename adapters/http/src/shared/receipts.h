#pragma once

#include "core/event_log.h"
#include "events/json.h"
#include "http/context.h"
#include "http/message.h"

namespace hansard::http {

/// What the headers of a write say.
struct WriteOptions {
  core::Durability durability = core::Durability::strict;  ///< `Hansard-Durability`
  std::optional<core::Version> expected_version;           ///< `Hansard-Expected-Version`
  std::optional<std::string> idempotency_key;              ///< `Idempotency-Key`
};

/// Longest `Idempotency-Key`, in bytes.
inline constexpr std::size_t kMaxIdempotencyKeyBytes = 255;

/// Errors: invalid_argument naming the header.
core::Result<WriteOptions> write_options(const Request& request);

/// The body as a tree; an empty one counts as `{}`, for commands whose fields are all optional.
/// Errors: those of `parse_json`, with the field `body` where no other is to blame.
core::Result<events::Json> read_json_body(const Context& context, const Request& request);

/// 201 with the receipt, 200 when nothing was written because all of it is stored already:
///   {"events":[{"position":7,"version":3}],"position":7,"at_least":8,"version":3,
///    "durability":"strict","duplicate":false}
/// `position` and `version` are those of the last event; `at_least` is what a read must be given to
/// see all of them.
Response receipt_response(const core::Receipt& receipt);

/// Answers an append or a command with its receipt or its problem.
core::AppendDone answer_receipt(Responder respond);

}  // namespace hansard::http
