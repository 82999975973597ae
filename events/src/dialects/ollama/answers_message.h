#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "events/json.h"
#include "events/session/commands.h"
#include "events/session/facts.h"

/// Tool calls of a message. Private to src/dialects/ollama.
///
///   {"id"?, "function":{"name", "arguments", ...}, ...} <-> a tool_call part and a CallTool. The
///   part has `unnamed` where the call had no id, `function` with the other members of the function
///   and `fields` with those of the call.
namespace hansard::events::ollama {

struct ReadCall {
  Part part;
  CallTool step;
};
/// Errors: invalid_argument naming `path[index].member`.
core::Result<std::vector<ReadCall>> read_calls(const Json::Array& calls,
                                               const std::string& message_id,
                                               std::string_view path);

/// The calls of an answer in order, as the API gives them: arguments that came as text are the JSON
/// they say, if they are an object.
Json::Array write_calls(const ResponseReceived& answer, const std::vector<ToolCalled>& calls);

}  // namespace hansard::events::ollama
