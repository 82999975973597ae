#pragma once

#include <optional>
#include <string>

#include "events/json.h"
#include "fields.h"

namespace hansard::gateway {

/// What a call names beside what it says: a prompt with its variables, an experiment.
struct CallNames {
  std::optional<std::string> prompt;  ///< its name
  std::string selector;               ///< behind its `@`: a version or a label; empty: none
  std::optional<events::Json> variables;
  std::optional<std::string> experiment;

  [[nodiscard]] bool any() const { return prompt || experiment; }
};

/// The member of a body that says the same as our header fields, for clients that cannot add those.
inline constexpr std::string_view kBodyMember = "hansard";

/// Reads the header fields `Hansard-Prompt`, `Hansard-Variables` and `Hansard-Experiment`, and
/// takes the member `hansard` out of a body: {"prompt", "variables", "experiment", "user",
/// "session", "agent"}. What both say, the header says: it is what a proxy or an operator adds to
/// calls that it did not write. `user`, `session` and `agent` become header fields where those are
/// absent. A body without the member stays as it is, byte for byte. Errors: invalid_argument
/// (`field` is the header field's or the member's name).
core::Result<CallNames> take_names(Fields& fields, std::string& body);

}  // namespace hansard::gateway
