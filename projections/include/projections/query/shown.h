#pragma once

#include "core/event_log.h"
#include "projections/query/execute.h"

namespace hansard::projections::query {

/// Rows hold keyed hashes of users and of tags' values, and streams' names of sessions. Puts what
/// people know them by in their place, where the log still says it, and marks the rest as erased.
/// @param model       what the answer was made from.
/// @param keep_going  as in `Options`.
/// Cost: a pass over the rows' users (or tags) and sessions from the latest back until each is met,
/// and a read of a stream's beginning for each. Thread-safe.
/// Errors: timed_out, and those of model and log.
core::Status show_names(const core::ReadModel& model, const core::EventLog& log,
                        const core::ProjectId& project, const std::function<bool()>& keep_going,
                        Answer& answer);

}  // namespace hansard::projections::query
