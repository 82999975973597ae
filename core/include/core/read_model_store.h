#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/position.h"
#include "core/result.h"

namespace hansard::core {

/// One build of a view. A rebuild is a new generation beside the one that serves; a changed fold is
/// a new version.
struct ViewId {
  std::string name;  ///< `[a-z_]{1,32}`
  std::uint32_t version = 1;
  std::uint32_t generation = 0;
  auto operator<=>(const ViewId&) const = default;
};

/// Receives rows in key order; return false to stop. Both views are lent for the call only.
using RowSink = std::function<bool(std::string_view key, std::string_view row)>;

/// Rows of one build as of one moment, together with the checkpoint they reflect.
/// Threads: safe to read concurrently.
class ReadModel {
 public:
  virtual ~ReadModel() = default;
  /// One past the last position folded into these rows.
  [[nodiscard]] virtual Position checkpoint() const = 0;
  /// Errors: corruption, unavailable.
  [[nodiscard]] virtual Result<std::optional<std::string>> get(std::string_view key) const = 0;
  /// Rows whose key starts with `prefix` and is >= `from` (empty: from the first), in key order.
  /// Errors: corruption, unavailable.
  virtual Status scan(std::string_view prefix, std::string_view from,
                      const RowSink& sink) const = 0;
};

/// A row to write, or to delete when there is no value.
using RowWrite = std::pair<std::string, std::optional<std::string>>;

/// Where views live. Rows and checkpoint of one commit become visible and durable together, but not
/// at once: after a crash a view may be older (it catches up), never torn and never ahead of the
/// log. Threads: safe to call concurrently; commits to one build come from one thread.
class ReadModelStore {
 public:
  virtual ~ReadModelStore() = default;
  /// A consistent snapshot of one build (checkpoint 0 when it has never been written).
  [[nodiscard]] virtual Result<std::unique_ptr<ReadModel>> open(const ViewId& view) const = 0;
  /// Errors: unavailable, out_of_space.
  virtual Status commit(const ViewId& view, std::vector<RowWrite> rows, Position checkpoint) = 0;
  /// The build that answers queries, if one was activated.
  [[nodiscard]] virtual Result<std::optional<ViewId>> active(std::string_view name) const = 0;
  /// Makes `view` durable, then the one that answers, atomically.
  virtual Status activate(const ViewId& view) = 0;
  /// Every build that has rows or a checkpoint.
  [[nodiscard]] virtual Result<std::vector<ViewId>> builds() const = 0;
  /// Deletes a build that is not active. Errors: rejected when it is.
  virtual Status drop(const ViewId& view) = 0;
};

}  // namespace hansard::core
