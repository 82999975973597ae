#pragma once

#include "events/dialects/answer.h"
#include "events/dialects/provider_error.h"

/// Answers of the Anthropic Messages API (reference: Anthropic API, "Messages", "Streaming
/// messages"). Pure.
///
/// `read` and `write`: the message as messages.h has it; `extra.fields` holds what the vocabulary
/// does not know (id, stop_sequence, stop_details, container, context_management, ...).
///
/// A stream put together:
/// - counters of a `message_delta` that are not null take the place of earlier ones; where none
///   came, `output_tokens` is left out: the number at the start is no count of the answer;
/// - the input of a tool is parsed when its block stops. Text that is no JSON object (a stream that
///   was cut, a model that erred) stays a text: `input` is then a string;
/// - another `message_start` in the same stream goes on with the same message;
/// - frames that are not understood are under `_frames` [{"event", "data"}], `data` parsed where it
///   is JSON. Neither pings nor what follows the end are kept, nor white space of a frame's JSON.
///
/// The track, times in milliseconds:
///   {"start":512, "0":"<deltas>", "0c":"..", "0s":"..", "end":1834}
/// `start` and `end` are the times of the first frame and the last. Under the number of a block
/// stand the time of its start and its deltas (time since the one before, bytes; see
/// src/dialects/cadence.h): of text, thinking, or of the input written without white space. `c`:
/// likewise those of its citations (bytes 1 each), `s`: of its signature. A block without deltas
/// came whole.
namespace hansard::events::anthropic {

/// Lives as long as the program.
const AnswerDialect& answers();

/// @param status  of HTTP; 200 for an error inside a stream.
/// @param body    {"type":"error","error":{"type","message"}}; of another form, it is kept whole.
ProviderError read_error(int status, const Json& body);

}  // namespace hansard::events::anthropic
