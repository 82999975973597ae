#pragma once

#include <atomic>
#include <mutex>
#include <shared_mutex>

#include "core/event_bytes.h"
#include "core/event_log.h"
#include "core/position_set.h"

namespace hansard::rocks {

/// Positions whose content is being destroyed: read as erased already. Costs one atomic load an
/// event while there are none. Thread-safe.
class ErasureMask {
 public:
  [[nodiscard]] bool covers(core::Position position) const {
    if (!any_.load(std::memory_order_acquire)) return false;
    const std::shared_lock lock(mutex_);
    return positions_.contains(position);
  }
  void add(const core::PositionSet& positions) {
    const std::unique_lock lock(mutex_);
    positions_.add(positions);
    any_.store(!positions_.empty(), std::memory_order_release);
  }
  void remove(const core::PositionSet& positions) {
    const std::unique_lock lock(mutex_);
    positions_.remove(positions);
    any_.store(!positions_.empty(), std::memory_order_release);
  }

 private:
  std::atomic<bool> any_{false};
  mutable std::shared_mutex mutex_;
  core::PositionSet positions_;  ///< guarded by mutex_
};

/// What readers see of a log: everything, but what is masked.
struct ReadAs {
  const ErasureMask* mask = nullptr;  ///< null: everything
  const core::Hasher* hasher = nullptr;

  [[nodiscard]] bool hides(const core::RecordedEvent& event) const {
    return mask != nullptr && !event.erased && mask->covers(event.position);
  }
  /// Gives `event` to `sink`, as an erased one when it is masked.
  [[nodiscard]] bool give(const core::RecordedEvent& event, const core::EventSink& sink) const {
    if (!hides(event)) return sink(event);
    const std::string bytes = core::erase_content(event, *hasher);
    return sink(*core::decode_event(bytes));
  }
};

}  // namespace hansard::rocks
