#pragma once

#include <memory>

#include "events/json.h"
#include "importers/reader.h"

namespace hansard::importers {

/// Codex rollouts: lines `{timestamp, type, payload}`, and the oldest, where items of the Responses
/// format stand bare behind a first line `{id, timestamp, instructions}`. One file is one session,
/// named by the id of its first `session_meta`.
///
/// An answer is a run of items by the model; a tool's result, another's message or a count of
/// tokens ends it. `token_count` is cumulative: an answer gets the growth since the last count, so
/// a repeated count adds nothing and the sum over the answers is the last total. Some versions
/// write the count of a call before its items: then it goes to the answer that begins next.
///
/// Texts stand twice in a rollout, as items and as `event_msg`: the items are taken, and an event
/// whose text no item has is attached. `turn_context` becomes a `SessionConfigured` when it
/// changes, `compacted` a `ContextOptimized`, every other record an attachment.
///
/// Names are places in the file (`m12` is the answer or message that begins at the 12th record), so
/// a file that grew adds its new part. A file cut within an answer gives that part of it; when more
/// of it comes later, the whole is kept beside it (`RecordResponse::may_have_grown`).
std::unique_ptr<Reader> codex_reader(ReaderEvents events);
bool is_codex(const events::Json& record);

}  // namespace hansard::importers
