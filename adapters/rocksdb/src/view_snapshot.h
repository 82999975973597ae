#pragma once

#include "core/read_model_store.h"
#include "database.h"

namespace hansard::rocks {

/// One build as of one moment. Holds no claim on the database: after a reopening, or when it has
/// stood in the way of an erasure for too long, it answers `unavailable`.
/// Threads: safe to read concurrently.
class ViewSnapshot final : public core::ReadModel {
 public:
  static core::Result<std::unique_ptr<core::ReadModel>> open(
      const std::shared_ptr<Database>& database, const core::ViewId& view);
  ~ViewSnapshot() override;

  [[nodiscard]] core::Position checkpoint() const override { return checkpoint_; }
  [[nodiscard]] core::Result<std::optional<std::string>> get(std::string_view key) const override;
  core::Status scan(std::string_view prefix, std::string_view from,
                    const core::RowSink& sink) const override;

 private:
  [[nodiscard]] bool taken_back() const { return pin_->taken_back.load(std::memory_order_acquire); }
  ViewSnapshot(const std::shared_ptr<Database>& database, const core::ViewId& view);

  const std::weak_ptr<Database> database_;
  const std::shared_ptr<const Database::Pin> pin_;
  std::string rows_;  ///< prefix of the build's rows
  core::Position checkpoint_;
};

}  // namespace hansard::rocks
