#pragma once

#include <memory>

#include "events/json.h"
#include "importers/reader.h"

namespace hansard::importers {

/// Session logs of Claude Code: one JSON object a line, a tree by `parentUuid`.
///
/// Sessions
///   of a sessionId   named by it; the first child of each line goes on with it
///   of a branch      `<session>~<uuid of its first line>`, forked at the message it leaves
///                    (reason edit for a user's line, retry for an answer)
///   of a subagent    `<session>~agent-<agentId>`, or `~<uuid>` of its first line where logs have
///                    no agentId; forked at version 0 (reason parallel), for it begins afresh
/// Lines that name no parent go on with the line before them, in files where no line does; in
/// others such a line begins the conversation anew, which is a branch at version 0. A summary that
/// replaces the conversation (`compact_boundary`) goes on from its `logicalParentUuid`.
///
/// One answer stands on several lines, a block on each, with its usage repeated: it is recorded as
/// one, when a line of another message follows or the file ends, with the largest usage told. If a
/// file that has grown shows more of an answer than was recorded, the whole is kept beside it
/// (`may_have_grown`), and its tool calls are recorded; the usage counted stays the first.
///
/// Lines that are no part of what was said (meta, summaries, snapshots, queue operations, kinds
/// not known) are attached to the session they stand in.
/// Memory: ids and places of lines, and the answers that are not yet whole.
std::unique_ptr<Reader> claude_code_reader(ReaderEvents events);

/// A line of such a log.
bool is_claude_code(const events::Json& record);

}  // namespace hansard::importers
