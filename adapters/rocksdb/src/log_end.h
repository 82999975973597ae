#pragma once

#include <functional>
#include <string_view>

#include "database.h"

namespace hansard::rocks {

/// Drops what follows the first missing position at or after `acknowledged`, with its index entries
/// and tiles, in one synced write.
///
/// Why: a power loss may take the whole of one write-ahead log and leave a later one. RocksDB's
/// point-in-time recovery notices a log that is damaged, not one that ends too early at a record,
/// and replays the later one behind the gap. Nothing behind a gap was acknowledged (a sync covers
/// all logs before it), but it must not be served, and new events need its positions.
/// Read-only the same is an error: unavailable.
/// Cost: reads the keys of the events from `acknowledged` on; HEAD keeps those few unless the power
/// was lost. Errors: corruption (an event behind the gap cannot be read), unavailable.
core::Status drop_behind_gap(const Database& database, core::Position acknowledged, bool read_only,
                             const std::function<void(std::string_view)>& notice);

}  // namespace hansard::rocks
