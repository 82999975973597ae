#pragma once

#include "events/dialects/request.h"

/// Requests of the OpenAI APIs, and of hosts that are compatible with them (reference: OpenAI API,
/// "Create chat completion", "Create a model response"). Pure.
///
/// Identity: `user`, else `safety_identifier`; texts of `metadata` are tags. Of the Responses API
/// also `conversation` and `previous_response_id`.
namespace hansard::events::openai {

/// `messages`, as messages.h has them. Lives as long as the program.
const RequestDialect& chat_requests();

/// `input`, items as responses.h has them, or a text; `instructions` stand beside. A run of items
/// of an assistant is one answer; it counts for the first of them.
const RequestDialect& response_requests();

}  // namespace hansard::events::openai
