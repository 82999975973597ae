#pragma once

#include <cstddef>
#include <span>
#include <string_view>
#include <vector>

#include "dialects/request_members.h"
#include "events/dialects/request.h"

/// Messages of Ollama's chat <-> the vocabulary. Private to src/dialects/ollama.
///
///   system, user   -> SendMessage; `images` (base64) are parts {"type":"image","data":...}
///   assistant      -> RecordResponse, then one CallTool per tool call
///   tool           -> CompleteTool, bound by `tool_call_id`, else to the next open call (of
///                     `tool_name`, where that is told) of the latest answer that has one
///
/// `extra` {"dialect":"ollama.chat"} has under `message` the other members, and the whole message
/// as `raw_message` where these do not rebuild it.
namespace hansard::events::ollama {

inline constexpr std::string_view kChatDialect = "ollama.chat";

/// Reads the messages of one request in order. Confined to one thread.
class MessageReader {
 public:
  core::Result<std::vector<SessionStep>> read(const Json& message, std::size_t place,
                                              const RequestIds& ids);

 private:
  OpenCalls open_;
};

Json::Array write_messages(std::span<const SessionEvent> window);

}  // namespace hansard::events::ollama
