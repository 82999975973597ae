#pragma once

#include <memory>

#include "events/json.h"
#include "events/session/usage.h"
#include "importers/reader.h"

namespace hansard::importers {

/// Files of the OpenAI batch interface, one record a line: requests `{custom_id, method, url,
/// body}` and results `{id, custom_id, response: {status_code, request_id, body}, error}`.
///
/// `custom_id` names the session and its one call, so that requests and their results meet in one
/// conversation, whichever file is read first. A result gives model, usage, finish reasons and the
/// time (`created`); an `error`, or a status that is none of success, is a failed call. Bodies of
/// other interfaces than chat and legacy completions are attached.
std::unique_ptr<Reader> batch_reader(ReaderEvents events);

bool is_batch(const events::Json& record);

/// The disjoint classes of the `usage` of a chat completion, whose prompt tokens contain cached and
/// audio ones and whose completion tokens contain reasoning and audio.
events::Usage chat_usage(const events::Json& usage);

}  // namespace hansard::importers
