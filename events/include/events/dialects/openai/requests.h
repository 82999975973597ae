#pragma once

#include "events/dialects/request.h"

/// Requests of the OpenAI APIs, and of hosts that are compatible with them: Azure, Mistral, Groq,
/// DeepSeek, OpenRouter, vLLM and their like (reference: OpenAI API, "Create chat completion",
/// "Create a model response", "Create embeddings", "Completions"). Pure.
///
/// Identity: `user`, else `safety_identifier`; texts of `metadata` are tags. Of the Responses API
/// also `conversation` and `previous_response_id`. All of it stays in `parameters`, too.
///
/// `read` gives `extra` of their dialect to whatever is more than texts, calls of tools and their
/// results, so that it goes out again as it came; everything else is common to all dialects, and
/// `write` brings what bears the name of another dialect to the nearest form: thinking and tools of
/// other providers are left out, media converted where both APIs know them as base64 or address.
namespace hansard::events::openai {

/// `messages`, as messages.h has them; `tools`, or `functions` of old. Lives as long as the
/// program, as do the others.
const RequestDialect& chat_requests();

/// `input`, items as responses.h has them, or a text; `instructions` stand beside. A run of items
/// of an assistant is one answer: its steps are those of the first. An item of a kind that is not
/// known is a message with the item as its one part: of its role, else of the user. References to
/// items that the provider keeps count for the assistant.
const RequestDialect& response_requests();

/// `prompt`: each text is a message of the user; a list of tokens is a part
/// {"type":"tokens","tokens":[...]}. Kind: completion.
const RequestDialect& completion_requests();

/// `input`, likewise; what is neither text nor tokens is a part {"type":"input","input":...}. Kind:
/// embedding.
const RequestDialect& embedding_requests();

}  // namespace hansard::events::openai
