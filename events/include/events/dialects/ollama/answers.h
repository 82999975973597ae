#pragma once

#include "events/dialects/answer.h"
#include "events/dialects/provider_error.h"

/// Answers of the native Ollama API (reference: Ollama API, "Generate a chat completion",
/// "Generate a completion", "Generate embeddings"). Pure.
///
/// `read`: thinking, text and tool calls of the one message. A call without an id is called after
/// its message and its place among the calls; the part then says `unnamed`. Counters and durations
/// (nanoseconds, as they came) are `raw_usage`. `extra` has under `fields` and `message` the other
/// members of the body and of its message; where these do not rebuild the body, `raw` holds it.
/// `context` of /api/generate, the tokens of the whole conversation as numbers, is dropped:
/// `extra.dropped.context` says how many they were, and `write` gives the body without them.
///
/// A stream put together: texts and lists (`tool_calls`, `logprobs`) are joined, of every other
/// member the last value counts, so `created_at` is that of the end. The line with `done` true is
/// the last. Lines that are not understood are under `_frames` [{"data"}].
///
/// Written as a stream, `logprobs` are on the last line and every line has the same `created_at`.
///
/// The track, times in milliseconds:
///   {"t":"<deltas>", "c":"<deltas>", "k":"<deltas>", "end":1834}
/// of the thinking, the text and the tool calls (1 for each), as src/dialects/cadence.h has them,
/// the first since the request; `end` is the time of the last line.
namespace hansard::events::ollama {

/// POST /api/chat. Lives as long as the program, as does the next.
const AnswerDialect& chat_answers();
/// POST /api/generate.
const AnswerDialect& generate_answers();

/// POST /api/embed and its forerunner /api/embeddings. Vectors are not kept: `extra` has what
/// `AnswerIds::vector_hash` says of them, and `write` gives the body without them.
const AnswerDialect& embed_answers();

/// @param status  of HTTP; 200 for an error inside a stream.
/// @param body    {"error":"text"}
ProviderError read_error(int status, const Json& body);

}  // namespace hansard::events::ollama
