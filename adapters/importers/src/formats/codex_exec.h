#pragma once

#include <memory>

#include "events/json.h"
#include "importers/reader.h"

namespace hansard::importers {

/// What `codex exec --json` prints: a `thread.started`, then turns with their items. A thread is
/// one session, named by its `thread_id`; another thread in the same file is another session.
///
///   reasoning, agent_message   parts of an answer; a call ends it, and so does the turn
///   command_execution, file_change, mcp_tool_call, web_search, collab_tool_call
///                              a call with the item's id, and its result where the item has one
///   turn.completed             usage of the turn, on its last answer: the counts are those of the
///                              thread so far, so a turn gets their growth
///   turn.failed                a ResponseFailed
///
/// Everything else (plans, warnings, kinds that are not known) is attached. An item is taken when
/// it is completed; one that never is, is attached as it last stood. There are no times, no model
/// and no messages of the user in this form, and none are invented.
///
/// Names are places in the file, as for rollouts (`codex.h`), so a file that grew adds its new
/// part.
std::unique_ptr<Reader> codex_exec_reader(ReaderEvents events);
bool is_codex_exec(const events::Json& record);

}  // namespace hansard::importers
