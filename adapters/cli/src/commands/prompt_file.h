#pragma once

#include <string>
#include <string_view>

#include "core/result.h"
#include "events/json.h"

namespace hansard::cli {

/// A version of a prompt as one file that people edit and compare:
///
///   ---
///   name: greet
///   version: 3
///   labels: ["production"]
///   variables: [
///     {"name":"tone","type":"text","default":"kind"}
///   ]
///   ---
///   === system [frame]
///   Be {{ tone }}.
///   === user
///   {{ question }}
///   === example input
///   What is 2+2?
///   === example output
///   4
///
/// What stands between the dashes is a field a line: its value as JSON, which may go on over lines
/// that begin with a space, } or ], or as plain text. A template is all that stands below its line
/// up to the next such line; a line of its own that begins with === has a backslash in front.
/// Nothing is lost: reading what was written gives the same version. Who writes one by hand may
/// leave the fields out, dashes and all; a file without any `===` line at its start is a text.
struct PromptFile {
  std::string name;
  std::string stored_at;  ///< orders the versions of one prompt; may be empty
  events::Json body;      ///< as `POST /v1/prompts/{name}/versions` takes it
};

std::string write_prompt_file(const PromptFile& prompt);

/// Reads such a file, or a JSON object of the same fields. Without `name` in it the name is empty.
/// Errors: invalid_argument (`file:line: what`). What templates say is not looked at.
core::Result<PromptFile> read_prompt_file(std::string_view text, const std::string& file);

/// Of an answer of `GET /v1/prompts/{name}/versions/{version}`.
PromptFile prompt_file_of(const events::Json& version);

}  // namespace hansard::cli
