#pragma once

#include <memory>

#include "core/event_log.h"
#include "core/tree.h"

namespace hansard::core {

/// The log without a disk, for tests and for trying a decision out: same contract, same bytes, same
/// tree. Commits within `append`, so `done` runs on the caller's thread.
/// Threads: all members are safe to call concurrently.
class InMemoryEventLog final : public EventLog {
 public:
  /// Both references outlive the log.
  InMemoryEventLog(const Hasher& hasher, const EventEquivalence& equivalence);
  ~InMemoryEventLog() override;

  void append(AppendRequest request, AppendDone done) override;
  [[nodiscard]] Position end() const override;
  Result<Position> read(Position from, const EventSink& sink) const override;
  Result<Version> read_stream(const ProjectId& project, const StreamId& stream, Version from,
                              const EventSink& sink) const override;
  [[nodiscard]] Result<std::optional<Version>> head(const ProjectId& project,
                                                    const StreamId& stream) const override;
  [[nodiscard]] Result<std::optional<Position>> find(const ProjectId& project,
                                                     const EventId& id) const override;
  [[nodiscard]] TreeHead tree() const override;
  [[nodiscard]] std::unique_ptr<Subscription> subscribe(
      std::function<void(Position end)> advanced) override;

  /// The hashes of the tree. Valid as long as the log.
  [[nodiscard]] const Tree& hashes() const;

  /// Replaces a stored event by its erased form, as an erasure will. Errors: not_found.
  Status erase(Position position);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace hansard::core
