#pragma once

#include <string_view>

#include "events/json.h"
#include "events/session/parts.h"

/// One content part of the OpenAI chat format <-> ours. Private to src/dialects/openai.
///
///   theirs                   ours
///   text                     text
///   image_url                image   (members kept: `image_url` marks the origin)
///   input_audio              audio   (`input_audio`)
///   file                     file
///   refusal {refusal}        refusal {text}
///   thinking {thinking:[{text}]}   thinking {text, field: content}
///   a type that we use for   openai.<type>
///   something else
///   any other                as it is
namespace hansard::events::openai {

/// Errors: invalid_argument naming `path.member`.
core::Result<Part> read_part(const Json& part, std::string_view path);
Json write_part(const Part& part);

}  // namespace hansard::events::openai
