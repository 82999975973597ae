#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "events/json.h"
#include "events/session/commands.h"
#include "events/session/facts.h"

/// Messages of the Anthropic Messages API <-> the vocabulary (reference: Anthropic API, "Messages";
/// also as session logs of clients keep them). Pure.
///
///   user, system      -> SendMessage; its tool_result blocks -> CompleteTool, or FailTool where
///                        `is_error` is true
///   assistant         -> RecordResponse, then one CallTool per tool_use block
///
///   their block                      our part
///   text, image, document, ...       as it is
///   thinking {thinking}              thinking {text}
///   tool_use {id, name, input}       tool_call; the rest of its members under `extra`
///   tool_result {tool_use_id, ..}    tool_result, where the message says something besides
///   a type we use for something else anthropic.<type>
///
/// What the canonical form has no place for is kept in `extra` {"dialect":"anthropic", ...}: the
/// form of `content` where it is not the usual one, unknown fields verbatim, and, if the rebuilt
/// message still differs from the original, the original itself as `raw`.
namespace hansard::events::anthropic {

/// Names for what a message does not name.
struct MessageIds {
  std::string message_id;  ///< of this message; its tool results use it as `result_id`
  std::string call_id;     ///< of the call that an assistant message answers
};

/// The steps of one message. Tool results are not bound to calls: `message_id` and `index` are the
/// caller's to fill in, who knows which calls are open; with `result_id` alone they are orphans.
/// Usage and stop reason are read where the message has them; `usage_source` is left open.
/// Errors: invalid_argument naming the field.
core::Result<std::vector<SessionStep>> read_message(const Json& message, const MessageIds& ids,
                                                    std::string_view path);

/// The original message, equal as a JSON tree to what was read; of an event recorded otherwise, the
/// nearest message of the format.
/// @param results  of the tool results among its parts: ToolCompleted and ToolFailed.
Json write_message(const MessageSent& event, std::span<const SessionEvent> results = {});
Json write_message(const ResponseReceived& event, std::span<const ToolCalled> calls);
/// A message that is nothing but results.
Json write_results(std::span<const SessionEvent> results);

/// The disjoint classes of a `usage` object. Input excludes what the cache read and wrote. Writes
/// whose life time is not told live five minutes, the API's default. Thinking is counted apart only
/// where the object does so; otherwise it is within `output_text`.
Usage usage_of(const Json& usage);

/// The normal form of a `stop_reason`.
FinishReason finish_reason_of(std::string_view word);

}  // namespace hansard::events::anthropic
