#include "core/lanes.h"

namespace hansard::core {

Lanes::~Lanes() {
  std::unique_lock lock(mutex_);
  empty_.wait(lock, [this] { return jobs_ == 0; });
}

Lanes::Entered Lanes::enter(const StreamKey& stream, std::function<void()> start) {
  const std::lock_guard lock(mutex_);
  if (jobs_ >= jobs_max_) return Entered::full;
  ++jobs_;
  const auto [lane, free] = lanes_.try_emplace(stream);
  if (free) return Entered::owner;
  lane->second.push_back(std::move(start));
  return Entered::queued;
}

void Lanes::leave(const StreamKey& stream) {
  std::function<void()> next;
  {
    const std::lock_guard lock(mutex_);
    const auto lane = lanes_.find(stream);
    HANSARD_ASSERT(lane != lanes_.end(), "only the owner of a lane leaves it");
    if (lane->second.empty()) {
      lanes_.erase(lane);
    } else {
      next = std::move(lane->second.front());
      lane->second.pop_front();
    }
    --jobs_;
    if (jobs_ == 0) empty_.notify_all();  // under the lock: the waiter may destroy this object
  }
  if (next) next();
}

}  // namespace hansard::core
