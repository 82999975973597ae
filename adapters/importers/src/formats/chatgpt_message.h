#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "core/result.h"
#include "events/json.h"
#include "events/session/commands.h"

/// One message of a ChatGPT conversation. Private to its reader.
namespace hansard::importers::chatgpt {

/// Tool calls of a branch that wait for their result, by the tool's name: the latest.
using OpenCalls = std::map<std::string, std::string, std::less<>>;

/// The steps of a message, with `id` as its name.
/// @param open  changed by calls and results.
/// Errors: unsupported (a kind of content or an author that is not known), to be attached.
core::Result<std::vector<events::SessionStep>> read_message(const events::Json& message,
                                                            const std::string& id, OpenCalls& open);

}  // namespace hansard::importers::chatgpt
