#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "core/read_model_store.h"

namespace hansard::cli {

/// Views that may be caught up without writing to their directory: reads see the stored rows below
/// and what was committed here above them, in memory only. A directory opened read-only holds views
/// that end up to half a minute before its log (or none, after they were dropped); commands
/// still answer as of the log's end.
/// Threads: all members are safe to call concurrently. Memory: the rows committed here.
class OverlayStore final : public core::ReadModelStore {
 public:
  /// `base` outlives the overlay and every model opened on it, and is never written.
  explicit OverlayStore(const core::ReadModelStore& base) : base_(base) {}

  [[nodiscard]] core::Result<std::unique_ptr<core::ReadModel>> open(
      const core::ViewId& view) const override;
  core::Status commit(const core::ViewId& view, std::vector<core::RowWrite> rows,
                      core::Position checkpoint) override;
  [[nodiscard]] core::Result<std::optional<core::ViewId>> active(
      std::string_view name) const override;
  core::Status activate(const core::ViewId& view) override;
  [[nodiscard]] core::Result<std::vector<core::ViewId>> builds() const override;
  /// Forgets what was committed here; stored rows stay. Errors: rejected when active.
  core::Status drop(const core::ViewId& view) override;

  using Rows = std::map<std::string, std::optional<std::string>, std::less<>>;
  /// Newest last; each is immutable, and less than half of the one before it.
  using Layers = std::vector<std::shared_ptr<const Rows>>;

 private:
  struct Build {
    Layers layers;
    core::Position checkpoint;
  };

  const core::ReadModelStore& base_;
  mutable std::mutex mutex_;
  std::map<core::ViewId, Build> builds_;
  std::map<std::string, core::ViewId, std::less<>> active_;
};

}  // namespace hansard::cli
