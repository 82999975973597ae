#pragma once

#include "events/dialects/request.h"

/// Requests of Ollama (reference: Ollama API, "Generate a chat completion", "Generate a
/// completion"). They ask for a stream unless `stream` is false. Pure.
namespace hansard::events::ollama {

/// `messages`, nearly those of OpenAI's chat. Lives as long as the program.
const RequestDialect& chat_requests();
/// `prompt` is a message of the user; `system` stands beside.
const RequestDialect& generate_requests();

}  // namespace hansard::events::ollama
