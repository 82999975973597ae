#pragma once

#include "events/dialects/answer.h"

/// Answers of the legacy completions API of OpenAI, also spoken by vLLM and others (reference:
/// OpenAI API, "Completions"). Errors are read by `read_error` in response_answers.h. Pure.
///
/// `read`: one answer per choice, numbered by its `index` (by its place, where indexes repeat or
/// are missing). `extra` of each has under `fields` the other members of its choice, that of the
/// first under `body` those of the body; where these do not rebuild the body, it has it as `raw`.
///
/// A stream put together: the texts of each choice and the lists in its `logprobs` are joined, of
/// every other member the last value that is not null counts; `usage` is the last that came. The
/// frame `[DONE]` is the last. Frames that are not understood are under `_frames`
/// [{"event", "data"}].
///
/// Written as a stream, reason and `logprobs` of a choice come with its last delta, usage in a
/// chunk without choices.
///
/// The track, times in milliseconds:
///   {"0":"<deltas>", "1":"<deltas>", "end":1834}
/// under the place of a choice its deltas, as src/dialects/cadence.h has them, the first since the
/// request; `end` is the time of the last frame.
namespace hansard::events::openai {

/// Lives as long as the program.
const AnswerDialect& completion_answers();

}  // namespace hansard::events::openai
