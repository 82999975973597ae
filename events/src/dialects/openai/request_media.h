#pragma once

#include <optional>

#include "dialects/request_media.h"

/// Media as the two APIs of OpenAI have them. Private to src/dialects/openai.
namespace hansard::events::openai {

std::optional<Part> chat_media(const Media& media);
std::optional<Part> item_media(const Media& media);
/// In the output of a tool.
std::optional<Json> output_media(const Media& media);

}  // namespace hansard::events::openai
