#pragma once

#include <memory>

#include "events/json.h"
#include "importers/reader.h"

namespace hansard::importers {

/// SWE-agent trajectories: `{environment, trajectory[], history[], info, replay_config}`, one
/// document a file, or one a line as `{path, traj}`.
///
/// The conversation is `history`: OpenAI messages with `tool_call_ids` instead of `tool_call_id`.
/// A step of `trajectory` belongs to the next answer with the same text, else with the same action:
/// what only the step knows (state, observation, execution time, the text where it differs) becomes
/// metadata of that answer. Where the answer names no tool calls of its own, the step's action is
/// recorded as a call of the tool `action` and its observation as that call's result; no part of
/// the answer changes. A step without an answer is attached.
/// `messages` of a step (what the model was sent) is attached only where it says something else
/// than the history: each differing message once.
///
/// `info.exit_status` ends the session. `info.model_stats` are sums over the whole run; nobody can
/// tell how they divide over its calls, so they stay metadata and every call's usage is unknown.
std::unique_ptr<Reader> swe_agent_reader(ReaderEvents events);

bool is_swe_agent(const events::Json& record);

}  // namespace hansard::importers
