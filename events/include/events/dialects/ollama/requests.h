#pragma once

#include "events/dialects/request.h"

/// Requests of Ollama (reference: Ollama API, "Generate a chat completion", "Generate a
/// completion", "Generate embeddings"). Those for texts ask for a stream unless `stream` is false.
/// The API knows no users. Pure.
namespace hansard::events::ollama {

/// `messages`; images in base64 are parts {"type":"image","data":...}. A result without an id is
/// bound to the next open call of the latest answer that has one, of `tool_name` where that is
/// told. Lives as long as the program, as do the others.
const RequestDialect& chat_requests();
/// `prompt`, with `images`, is a message of the user; `system` stands beside. Kind: completion.
const RequestDialect& generate_requests();
/// /api/embed (`input`: a text or several) and its forerunner /api/embeddings (`prompt`). Kind:
/// embedding.
const RequestDialect& embed_requests();

}  // namespace hansard::events::ollama
