#pragma once

#include "commands.h"
#include "commands/prompt_file.h"

/// Prompts out of files, and into them.
namespace hansard::cli {

/// All of a file; `-`: standard input. Errors: not_found, too_large.
core::Result<std::string> read_whole(const std::string& file);

/// Errors: those of `read_whole` and `read_prompt_file`.
core::Result<PromptFile> read_prompt(const std::string& file);

/// `prompts export`: every version that is offered, `directory/name/version.prompt`.
core::Result<int> export_prompts(Backend& backend, const PromptsCommand& command,
                                 const Output& output);
/// `prompts import`: in the order in which they were stored. Files that say what is known change
/// nothing.
core::Result<int> import_prompts(Backend& backend, const PromptsCommand& command,
                                 const Output& output);

}  // namespace hansard::cli
