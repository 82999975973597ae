#pragma once

#include <string>
#include <string_view>

#include "events/json.h"
#include "events/session/parts.h"

/// What reading and writing of Responses items share. Private to src/dialects/openai.
///
///   theirs                     ours
///   input_text, output_text    text      (`form` where it is not the usual one of the role)
///   text                       text      (`form`: text)
///   input_image, input_file, input_audio   image, file, audio
///   refusal {refusal}          refusal {text}
///   a type that we use for     openai.<type>
///   something else
///   any other                  as it is
namespace hansard::events::openai {

inline constexpr std::string_view kResponsesDialect = "openai.responses";

/// @param usual_text  `input_text` or `output_text`, by who speaks.
/// Errors: invalid_argument naming `path.member`.
core::Result<Part> read_item_part(const Json& part, std::string_view usual_text,
                                  std::string_view path);
Json write_item_part(const Part& part, std::string_view usual_text);

/// An item that is a part as it stands.
Part verbatim_part(const Json& item);
Json write_verbatim(const Part& part);

/// `web_search` of `web_search_call`; empty for other types.
std::string_view tool_of_type(std::string_view type);
/// `type` of an item; `message` where there is none, as the short form has it.
std::string_view item_type(const Json& item);

}  // namespace hansard::events::openai
