#pragma once

#include <rocksdb/slice.h>

#include <optional>
#include <string>
#include <string_view>

#include "core/event_log.h"
#include "database.h"
#include "erasure_mask.h"

/// Reads shared by the log, the sequencer's index, opening and verifying. All check what they read
/// and name the position in errors. Threads: safe to call concurrently.
namespace hansard::rocks {

/// Checks and decodes the stored value of `position` in place.
/// Errors: corruption, unsupported (an event of a newer format).
core::Result<core::RecordedEvent> decode_stored(core::Position position, std::string_view value);

core::Error missing_event(core::Position position);

/// The event at `position`, which must be there. `value` keeps the bytes it points into.
core::Result<core::RecordedEvent> read_event(const Database& database, core::Position position,
                                             rocksdb::PinnableSlice& value);

/// Feeds [from, end) in order. @return where to continue. As `EventLog::read`.
core::Result<core::Position> read_events(const Database& database, core::Position from,
                                         core::Position end, const core::EventSink& sink,
                                         const ReadAs& as = {});

/// The last run of a stream that starts below `end`.
core::Result<std::optional<Run>> last_run(const Database& database, std::string_view stream_prefix,
                                          core::Position end);

/// Feeds the events of one stream from `from`, below `end`. As `EventLog::read_stream`.
core::Result<core::Version> read_stream_events(const Database& database, std::string_view project,
                                               std::string_view stream, core::Version from,
                                               core::Position end, const core::EventSink& sink,
                                               const ReadAs& as = {});

/// Position under an event id, whatever the watermark.
core::Result<std::optional<core::Position>> find_id(const Database& database,
                                                    std::string_view project,
                                                    const core::EventId& id);

/// One past the last stored position, without looking at the events before it.
core::Result<core::Position> stored_end(const Database& database);

}  // namespace hansard::rocks
