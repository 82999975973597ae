#pragma once

#include <optional>
#include <string>

#include "core/projection_runner.h"

namespace hansard::core {

/// An event that a projection could not fold, or that the log could not deliver.
struct FoldFailure {
  Position position;
  std::string event_id;  ///< empty when the event could not be read
  std::string message;
};

/// How far one batch came. With a `failure`, everything before it has been committed.
struct FoldOutcome {
  Position checkpoint;
  std::optional<FoldFailure> failure;
};

/// Folds one batch of events from the build's checkpoint on, up to `end`, and commits it.
/// Errors: storage errors of the store and `unavailable` of the log; nothing was committed, so the
/// same call may be made again.
Result<FoldOutcome> fold_batch(const EventLog& log, ReadModelStore& store,
                               const Projection& projection, const ViewId& view, Position end,
                               const RunnerOptions& options);

}  // namespace hansard::core
