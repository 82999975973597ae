#pragma once

#include <optional>
#include <string>
#include <vector>

#include "events/json.h"
#include "events/session/usage.h"

/// Inputs and outputs of model calls as frameworks hand them to Langfuse. Private to its reader.
namespace hansard::importers::langfuse {

/// A value out of its wrapping: Langfuse and what feeds it store JSON as text of JSON, at times
/// several times over. A text that is no object, list or quoted text stays what it is.
events::Json unpacked(const events::Json& value);

/// What a call was sent.
struct Input {
  events::Json::Array messages;       ///< in the OpenAI form
  std::optional<events::Json> tools;  ///< schemas that stood among the messages, or beside them
  bool understood = false;            ///< false: `messages` is empty, and the value is kept
};

/// Known forms: a list of messages (OpenAI, LangChain, Gemini, OpenTelemetry's `parts`), such a
/// list as `messages`, `contents` or `prompt` (with `system` beside it), a single message, `args`
/// of one text, a text (a dialogue written out where it can be cut, else a user's message).
Input read_input(const events::Json& value);

/// What a call answered.
struct Output {
  events::Json::Array messages;  ///< assistant messages in the OpenAI form, one per choice
  std::string finish_reason;     ///< empty when not told
  std::string model;             ///< likewise
  bool understood = false;
};

/// Known forms: a message or a list of one (as above), `choices` of a chat completion, a choice, a
/// list of calls `{toolCallId, toolName, input}`, `candidates` of Gemini, `{text, toolCalls}`, a
/// text.
Output read_output(const events::Json& value);

/// A message of any of these dialects in the OpenAI form, or nothing when it is none.
std::optional<events::Json> openai_message(const events::Json& message);

/// `usageDetails`: whether details stand inside `input` and `output` or beside them depends on who
/// wrote them; `total` tells.
events::Usage usage_of(const events::Json& details);

}  // namespace hansard::importers::langfuse
