#pragma once

#include <map>
#include <string>
#include <vector>

#include "events/json.h"
#include "events/session/parts.h"

/// Rewriting of what Inspect AI logs hold into forms the rest of the reader knows. Private to it.
namespace hansard::importers::inspect {

/// Long texts that a log keeps once and names by `attachment://<hash>` (in old ones `tc://<hash>`).
class Attachments {
 public:
  /// Those of a sample: `attachments`, in old logs `transcript.content`.
  explicit Attachments(const events::Json& sample);

  /// `value` with every text that names an attachment replaced, at any depth.
  events::Json resolve(const events::Json& value);
  /// Names that the sample does not explain, in the order they were met.
  [[nodiscard]] const std::vector<std::string>& missing() const { return missing_; }

 private:
  const events::Json* texts_ = nullptr;
  std::vector<std::string> missing_;
};

/// A message in the OpenAI form: tool calls get their `function` object, images their URL object.
events::Json openai_message(const events::Json& message);

/// Reasoning parts, which OpenAI has no place for, as thinking parts.
void name_thinking(events::Parts& parts);

/// The provider's request and response (`call` of a model event) without what the conversation
/// holds already.
events::Json call_without_messages(const events::Json& call);

}  // namespace hansard::importers::inspect
