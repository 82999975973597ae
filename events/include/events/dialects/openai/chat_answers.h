#pragma once

#include "events/dialects/answer.h"

/// Answers of the OpenAI Chat Completions API (reference: OpenAI API, "Create chat completion",
/// "The chat completion chunk object"), and of the hosts that speak it: Azure, Mistral, Groq,
/// DeepSeek, xAI, OpenRouter, vLLM and their like. Their errors: `read_error` in
/// response_answers.h. Pure.
///
/// `read`: each of `choices` is a message as messages.h has it; its number is its place in the
/// list. `extra` of the first has the other members of the body under `body`, that of each has the
/// other members of its choice (`logprobs`, `content_filter_results`, ...) under `choice`. Where
/// these do not rebuild the body, `extra.whole` holds it.
///
/// Usage in disjoint classes: hosts count cached tokens (`prompt_tokens_details.cached_tokens`,
/// `prompt_cache_hit_tokens`, `num_cached_tokens`) inside `prompt_tokens`, and reasoning inside
/// `completion_tokens`, or beside where the total says so; audio and images are inside.
///
/// A stream put together: texts are joined; a tool call is known by `index`, by `id` where there is
/// none, else by order, and the index, which only streams need, is left out; of members that come
/// more than once the last counts that is not empty, so of counters that every chunk has, the last.
/// Lists of a delta go on (an element with an `index` that is known is the same element).
/// `x_groq.usage` and the `usage` of a choice stand where they do without streaming. Frames that
/// are not understood are under `_frames` [{"event", "data"}]; `obfuscation` and its like are never
/// kept. A stream is complete with `[DONE]`, or when every choice said why it ended and the
/// counters came.
///
/// The track, times in milliseconds:
///   {"start":300, "0c":"<deltas>", "0a1":"<deltas>", "end":1834}
/// `start` and `end` are the times of the first frame and the last. A text has the place of its
/// choice, what it is, and which of several: c content, p part of content, f refusal,
/// r reasoning_content, s reasoning, u reasoning_text, d reasoning_details, a tool call,
/// g function_call, t transcript and b data of audio; l and n count log probabilities of content
/// and of refusal. Deltas are as src/dialects/cadence.h has them: time since the one before (the
/// first: since `start`), bytes. The first of p, a and g is the start, which may bring none.
namespace hansard::events::openai {

/// Lives as long as the program.
const AnswerDialect& chat_answers();

}  // namespace hansard::events::openai
