#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/hash.h"
#include "core/ids.h"
#include "core/result.h"
#include "events/json.h"
#include "events/session/commands.h"

namespace hansard::importers {

/// A piece of a record that has no place in the vocabulary, and why.
struct Unplaced {
  std::string path;  ///< `messages[3]`
  std::string reason;
};

/// One recorded conversation as commands of the recording path. Nothing is invented: models, usage
/// and times are absent where the source has none.
struct Conversation {
  /// The source's own id, or a name made of a keyed hash of what the conversation begins with.
  std::string session_id;
  events::CreateSession create;
  std::vector<events::RecordedStep> steps;
  std::size_t messages = 0;  ///< read, without those in `unplaced`
  std::size_t attached = 0;  ///< tool results whose call the source does not have
  std::vector<Unplaced> unplaced = {};
};

/// True when `element` of a list is itself a message, so that the list is one conversation.
bool is_message(std::string_view element);

/// Reads a record: a list of OpenAI-style messages, or an object that wraps one as `messages`, or
/// as `traj` beside `task_id`, `trial`, `reward` and `info` (tau-bench results).
///
/// Identity. `session_id`, `conversation_id` or a text `id` of the wrapper is the session's id.
/// Else it is a keyed hash of the messages up to the first of a user, and of the wrapper's `id`,
/// `task_id` and `trial`, or of `repeat` where it has none; so the same record has the same id in
/// every file, and conversations without any mark stay two when a file has them twice.
/// Messages, calls and results are named by their place in the list.
///
/// `tools` and `model` of the wrapper become a `SessionConfigured`, `reward` a score, everything
/// else metadata of the session.
///
/// @param repeat  how many records of the same text came before this one in its file.
/// Errors: invalid_argument (no list of messages, or an empty one).
core::Result<Conversation> read_conversation(const events::Json& record, std::uint64_t repeat,
                                             const core::ProjectId& project,
                                             const core::KeyedHash& keyed_hash);

}  // namespace hansard::importers
