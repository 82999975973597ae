#pragma once

#include <memory>

#include "importers/reader.h"

namespace hansard::importers {

/// Hansard's own exports (`GET /v1/export`: a log, a project or sessions) as conversations for
/// another store. Every event of a session becomes the step that led to it, so the ids of sessions,
/// messages, calls, tools, scores and attachments stay; event ids and keyed hashes are derived anew
/// under the other store's key, or a retry there would not be the same event. Positions, the times
/// of recording and who recorded are the other store's, too; links between events (correlation,
/// causation) stay behind. A branch is made with what its first event says, which stands right
/// behind the fork or, where sessions are exported one by one, before it.
///
/// Told as failed, since they are no conversation or not of this project: events of other streams,
/// and of other projects than the first. Left out: events whose content was erased, and what a
/// newer version says.
/// Memory: of every session its first event; each list of tools once, up to 64 MiB.
bool is_hansard_export(const events::Json& record);
std::unique_ptr<Reader> hansard_export_reader(ReaderEvents events);

}  // namespace hansard::importers
