#pragma once

#include <cstdint>
#include <string_view>

#include "events/json.h"

/// Tokens where nobody counted them. No provider's tokenizer is here: what is given is how many
/// tokens a text of its kind takes on average, by what its characters are. README.md says how far
/// off it is for recorded answers.
namespace hansard::events::pricing {

/// Of a text in UTF-8: words by their length, digits by threes, marks and line breaks by
/// themselves, other scripts by what a character of theirs takes. Bytes that are no UTF-8 count as
/// marks. 0 for an empty text only. Pure; about 2 ns a byte.
std::uint64_t estimate_tokens(std::string_view text);

/// Of messages, or of anything that is sent to a model as JSON: the texts in it, tool schemas and
/// arguments as they are written, and what stands around each message (`kTokensPerMessage`).
/// Images, audio and files (`data`, `url`, base64) are not counted: they cost by other rules.
std::uint64_t estimate_message_tokens(const Json& messages);

/// What roles and boundaries take, by OpenAI's own account of its chat format.
inline constexpr std::uint64_t kTokensPerMessage = 4;

}  // namespace hansard::events::pricing
