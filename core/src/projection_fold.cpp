#include "projection_fold.h"

#include <exception>

namespace hansard::core {
namespace {

/// A fold must not throw; one that does is as broken as one that returns an error, and stops
/// nothing but itself.
Status apply(const Projection& projection, const RecordedEvent& event, ReadModelBatch& batch) {
  try {
    return projection.apply(event, batch);
  } catch (const std::exception& thrown) {
    return Error{Errc::internal, std::string("the fold threw: ") + thrown.what()};
  } catch (...) {
    return Error{Errc::internal, "the fold threw"};
  }
}

}  // namespace

Result<FoldOutcome> fold_batch(const EventLog& log, ReadModelStore& store,
                               const Projection& projection, const ViewId& view, Position end,
                               const RunnerOptions& options) {
  auto opened = store.open(view);
  if (!opened) return opened.error();
  std::unique_ptr<ReadModel> base = *std::move(opened);
  const Position begin = base->checkpoint();
  if (begin >= end) return FoldOutcome{begin, {}};

  ReadModelBatch batch(*base);
  Position next = begin;
  std::optional<FoldFailure> failure;
  const auto fold = [&](const RecordedEvent& event) {
    if (event.position >= end) return false;
    if (auto status = apply(projection, event, batch); !status) {
      failure = FoldFailure{event.position, to_string(event.id), status.error().message};
      return false;
    }
    if (!batch.status()) return false;
    ++next.value;
    return next < end && next.value - begin.value < options.batch_events &&
           batch.row_bytes() < options.batch_row_bytes;
  };
  const auto read = log.read(begin, fold);
  // A row that could not be read has been folded as missing: whatever followed from it is void.
  if (!batch.status()) return batch.status().error();
  if (!read) {
    if (read.error().code != Errc::corruption) return read.error();
    failure = FoldFailure{next, {}, read.error().message};
  }
  if (failure && read) {
    // The failing event may have left some rows behind: fold again, to just before it.
    if (next == begin) return FoldOutcome{begin, std::move(failure)};
    base.reset();
    auto before = fold_batch(log, store, projection, view, next, options);
    if (!before || before->failure) return before;
    return FoldOutcome{before->checkpoint,
                       before->checkpoint == next ? std::move(failure) : std::nullopt};
  }
  auto rows = batch.take();
  base.reset();  // a snapshot that nobody holds lets the store change rows in place
  if (next != begin) {
    if (auto status = store.commit(view, std::move(rows), next); !status) return status.error();
  }
  return FoldOutcome{next, std::move(failure)};
}

Status build(const EventLog& log, ReadModelStore& store, const Projection& projection,
             const ViewId& view, Position end, const RunnerOptions& options) {
  if (end > log.end()) {
    return Error{Errc::invalid_argument, "cannot build up to position " +
                                             std::to_string(end.value) + ": the log ends at " +
                                             std::to_string(log.end().value)};
  }
  while (true) {
    const auto outcome = fold_batch(log, store, projection, view, end, options);
    if (!outcome) return outcome.error();
    if (outcome->failure) {
      return Error{Errc::internal,
                   "projection '" + std::string(projection.name()) + "' fails at position " +
                       std::to_string(outcome->failure->position.value) + ", event " +
                       outcome->failure->event_id + ": " + outcome->failure->message};
    }
    if (outcome->checkpoint >= end) return Ok{};
  }
}

}  // namespace hansard::core
