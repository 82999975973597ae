#pragma once

#include "core/event_log.h"
#include "database.h"
#include "erasure_mask.h"
#include "notifier.h"
#include "published.h"

namespace hansard::rocks {

class Committer;

/// The `EventLog` port over this folder's parts. Thread-safe.
class RocksLog final : public core::EventLog {
 public:
  /// All references outlive the log.
  RocksLog(const DatabaseSlot& databases, const Published& published, Notifier& notifier,
           const ReadAs& read_as)
      : databases_(databases), published_(published), notifier_(notifier), read_as_(read_as) {}
  /// Appends are refused until this was called, and for good when `committer` is null (read-only).
  void write_with(Committer* committer) { committer_ = committer; }

  void append(core::AppendRequest request, core::AppendDone done) override;
  [[nodiscard]] core::Position end() const override { return published_.end(); }
  core::Result<core::Position> read(core::Position from,
                                    const core::EventSink& sink) const override;
  core::Result<core::Version> read_stream(const core::ProjectId& project,
                                          const core::StreamId& stream, core::Version from,
                                          const core::EventSink& sink) const override;
  [[nodiscard]] core::Result<std::optional<core::Version>> head(
      const core::ProjectId& project, const core::StreamId& stream) const override;
  [[nodiscard]] core::Result<std::optional<core::Position>> find(
      const core::ProjectId& project, const core::EventId& id) const override;
  [[nodiscard]] core::TreeHead tree() const override { return published_.tree(); }
  [[nodiscard]] std::unique_ptr<core::Subscription> subscribe(
      std::function<void(core::Position end)> advanced) override {
    return notifier_.subscribe(std::move(advanced));
  }

 private:
  const DatabaseSlot& databases_;
  const Published& published_;
  Notifier& notifier_;
  const ReadAs read_as_;
  Committer* committer_ = nullptr;
};

}  // namespace hansard::rocks
