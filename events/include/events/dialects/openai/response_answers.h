#pragma once

#include "events/dialects/answer.h"
#include "events/dialects/provider_error.h"

/// Answers of the OpenAI Responses API (reference: OpenAI API, "Create a model response",
/// "Streaming events"). Pure.
///
/// `read`: the items of `output` as responses.h has them, usage in disjoint classes; the finish
/// reason follows from `status`, `incomplete_details` and whether a function is called. Every other
/// member of the response is in `extra.body`; where items and these do not rebuild the response,
/// `extra.raw` holds all of it.
///
/// A stream put together is the `response` of its last event; deltas count for the cadence, and for
/// what came of a stream that was cut: its items, by `output_index` (proxies change item ids on the
/// way), in the last response seen. An empty `output` of the last event is filled likewise. Frames
/// that are not understood are under `_frames` [{"event", "data"}]; `obfuscation` and what follows
/// the end are never kept.
///
/// The track, times in milliseconds:
///   {"start":300, "0":"<times>", "0t1":"<deltas>", "end":1834}
/// `start` and `end` are the times of the first frame and the last; under the number of an item
/// stand the times when it was added and (since then) done. A text has its number, what it is, and
/// its place there: t content, s summary, a arguments, i input, c code, d diff, m command. Its
/// deltas are as src/dialects/cadence.h has them: time since the one before (the first: since the
/// item was added), bytes.
namespace hansard::events::openai {

/// Lives as long as the program.
const AnswerDialect& response_answers();

/// Also of the other APIs of OpenAI and of hosts that are compatible with them.
/// @param status  of HTTP; 200 for an error inside a stream.
/// @param body    {"error":{"type","code","message"}}, or an event that tells of an error.
ProviderError read_error(int status, const Json& body);

}  // namespace hansard::events::openai
