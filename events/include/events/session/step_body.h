#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "core/result.h"
#include "core/time.h"
#include "events/json.h"
#include "events/session/commands.h"

/// Steps of a recording as text: the last segment of a typed route and the body it takes. What
/// importers send, and what `POST /v1/ingest` names in full.
namespace hansard::events {

struct StepBody {
  std::string_view route;  ///< `messages`, `responses`, `tool-results`, ...
  std::string body;        ///< a JSON object, `occurred_at` included where it is known
  std::string key;         ///< what names a repeat where nothing in the body does; else empty
};

/// Computed fields are left out: whoever decides computes them again.
/// @pre the words in it are of our sets: `other` stands for what only a newer reader knows.
StepBody write_step(const RecordedStep& step);

/// The body of `POST /v1/sessions`. `session_id` is written where the command has it.
std::string write_create(const CreateSession& command, std::optional<core::Timestamp> created_at);

/// The step of a route and its body; `responses` with a reason or error is a failed call,
/// `tool-results` with an error a failed tool. A time in the body counts as the client's.
/// Errors: not_found (no such route), those of `parse_body`.
core::Result<RecordedStep> read_step(std::string_view route, Json body, std::string key);

}  // namespace hansard::events
