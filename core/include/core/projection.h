#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "core/event.h"
#include "core/read_model_store.h"

namespace hansard::core {

/// Row changes of one batch of events, folded in memory over the rows stored before it: reads see
/// the batch's own writes. The runner commits them with the checkpoint in one write, so each event
/// counts exactly once. Confined to the runner's thread.
class ReadModelBatch {
 public:
  explicit ReadModelBatch(const ReadModel& base) : base_(base) {}

  /// The row as of now, or nothing. A storage error is remembered (`status`) and reads as nothing.
  [[nodiscard]] const std::string* get(std::string_view key);
  void put(std::string_view key, std::string row);
  /// As `put`, for a key that no stored row has: erased again within the batch it leaves no trace.
  /// For rows that move with every event, this saves the store most of its deletions.
  void put_new(std::string_view key, std::string row);
  void erase(std::string_view key);

  /// The first storage error met by `get`; the batch must then be dropped.
  [[nodiscard]] const Status& status() const { return status_; }
  [[nodiscard]] std::size_t row_bytes() const { return bytes_; }
  /// The changed rows in key order; leaves the batch empty.
  [[nodiscard]] std::vector<RowWrite> take();

 private:
  struct Row {
    std::optional<std::string> value;
    bool changed = false;
    bool absent = false;  ///< nothing is stored under this key
  };
  struct KeyHash {
    using is_transparent = void;
    /// Not noexcept: libstdc++ then keeps each row's hash instead of computing it at every step
    /// through a bucket.
    std::size_t operator()(std::string_view key) const {
      return std::hash<std::string_view>{}(key);
    }
  };
  Row& row_at(std::string_view key);

  const ReadModel& base_;
  std::unordered_map<std::string, Row, KeyHash, std::equal_to<>> rows_;
  std::size_t bytes_ = 0;
  Status status_ = Ok{};
};

/// A read model's fold. Invariant: its rows are a pure function of the events applied in order, so
/// a rebuild from position 0 yields identical rows whatever the batch sizes.
/// Threads: `apply` is const and is called from several builds at once.
class Projection {
 public:
  virtual ~Projection() = default;
  [[nodiscard]] virtual std::string_view name() const = 0;
  /// Raised whenever the fold or the row format changes; the new version builds beside the old.
  [[nodiscard]] virtual std::uint32_t version() const = 0;
  /// Folds one event; events that are not its business leave the batch alone.
  /// An error is a bug in the fold or a damaged event: it stops this projection, visibly.
  virtual Status apply(const RecordedEvent& event, ReadModelBatch& batch) const = 0;
};

}  // namespace hansard::core
