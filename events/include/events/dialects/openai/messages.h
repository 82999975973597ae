#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "events/json.h"
#include "events/session/commands.h"
#include "events/session/facts.h"

/// Messages of the OpenAI chat format <-> the vocabulary (reference: OpenAI API, "Create chat
/// completion", `messages`; also the fine-tuning format with `weight`). Pure.
///
///   system, developer, user  -> SendMessage
///   assistant                -> RecordResponse, then one CallTool per tool call
///   tool, function           -> CompleteTool, bound to the latest open call
///
/// What the canonical form has no place for is kept in `extra` {"dialect":"openai", ...}: the form
/// of `content` where it is not the usual one, unknown fields verbatim, and, if the rebuilt message
/// still differs from the original (repeated keys, a part that imitates ours), the original itself
/// as `raw`.
namespace hansard::events::openai {

/// Names for what the format does not name. Must give the same name for the same message again, and
/// names unique within the session.
struct MessageIds {
  std::string message_id;  ///< of this message; a tool result uses it as `result_id`
  std::string call_id;     ///< of the call an assistant message answers
};

/// Reads the messages of one conversation in order; remembers open tool calls. Confined to one
/// thread.
class MessageReader {
 public:
  /// The steps of one message. `path` names it in errors (`messages[3]`).
  /// Errors: invalid_argument naming the field; the reader is then unchanged.
  core::Result<std::vector<SessionStep>> read(const Json& message, const MessageIds& ids,
                                              std::string_view path);

 private:
  struct OpenCall {
    std::string message_id;
    std::uint32_t index = 0;
    std::string tool;
    bool function_call = false;  ///< legacy form: its result names the tool, not the call
  };
  [[nodiscard]] core::Result<std::vector<SessionStep>> read_result(const Json& message,
                                                                   const MessageIds& ids,
                                                                   std::string_view path);
  std::map<std::string, std::vector<OpenCall>, std::less<>>
      open_;  ///< by tool_call_id, oldest first
};

/// The steps of one message of a list.
struct Turn {
  std::size_t message = 0;  ///< index in the list
  std::vector<SessionStep> steps;
};

/// Reads a whole list. `ids` is asked once per message. Errors: as `MessageReader::read`.
core::Result<std::vector<Turn>> read_messages(
    const Json& messages, const std::function<MessageIds(std::size_t index)>& ids,
    std::string_view path = "messages");

/// The original message, equal as a JSON tree to what was read; of an event recorded otherwise, the
/// nearest message of the format.
Json write_message(const MessageSent& event);
Json write_message(const ResponseReceived& event, std::span<const ToolCalled> calls);
Json write_message(const ToolCompleted& event);
Json write_message(const ToolFailed& event);

/// All messages of a history, in order; events that are no messages are passed over.
Json::Array write_messages(std::span<const SessionEvent> history);

}  // namespace hansard::events::openai
