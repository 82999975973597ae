#pragma once

#include <optional>
#include <string_view>

#include "events/json.h"
#include "events/session/usage.h"
#include "events/session/words.h"

/// Counters and reasons of chat completions. Private to src/dialects/openai.
namespace hansard::events::openai {

Usage chat_usage(const Json& usage);
/// The counters that a client of the format looks for.
Json chat_usage_from(const Usage& usage);

FinishReason chat_finish_reason(std::string_view word);
std::string_view chat_finish_word(std::optional<FinishReason> reason);

}  // namespace hansard::events::openai
