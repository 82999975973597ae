#pragma once

#include <memory>
#include <string_view>

#include "events/json.h"
#include "importers/reader.h"

namespace hansard::importers {

/// Lists of OpenAI-style messages: the record itself, or wrapped as `messages` (fine-tuning files,
/// request logs), or as `traj` beside `task_id`, `trial`, `reward` and `info` (tau-bench results).
///
/// Identity. `session_id`, `conversation_id` or a text `id` of the wrapper is the session's id.
/// Else it is named by the messages up to the first of a user, and by the wrapper's `id`, `task_id`
/// and `trial`, or by how many records of the same text came before it where it has none; so the
/// same record has the same name in every file, and conversations without any mark stay two when a
/// file has them twice. Messages, calls and results are named by their place in the list.
///
/// `tools` and `model` of the wrapper become a `SessionConfigured`, `reward` a score, everything
/// else metadata of the session.
std::unique_ptr<Reader> openai_list_reader(ReaderEvents events);

bool is_openai_list(const events::Json& record);

/// True when `element` of a list is itself a message, so that the list is one conversation.
bool is_message(std::string_view element);

}  // namespace hansard::importers
