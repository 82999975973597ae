#pragma once

#include <atomic>
#include <mutex>

#include "core/merkle.h"
#include "core/position.h"

namespace hansard::rocks {

/// The watermark: what has been synced, and the tree over exactly that. Thread-safe.
class Published {
 public:
  void set(const core::TreeHead& head) {
    {
      const std::lock_guard lock(mutex_);
      head_ = head;
    }
    end_.store(head.size, std::memory_order_release);
  }
  [[nodiscard]] core::Position end() const {
    return core::Position{end_.load(std::memory_order_acquire)};
  }
  [[nodiscard]] core::TreeHead tree() const {
    const std::lock_guard lock(mutex_);
    return head_;
  }

 private:
  std::atomic<std::uint64_t> end_{0};
  mutable std::mutex mutex_;
  core::TreeHead head_;  ///< guarded by mutex_
};

}  // namespace hansard::rocks
