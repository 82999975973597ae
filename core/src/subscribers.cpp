#include "core/subscribers.h"

#include <algorithm>
#include <optional>

namespace hansard::core {

/// Recursive, so that a callback may destroy its own handle.
struct Subscribers::Entry {
  std::recursive_mutex mutex;
  bool active = true;
  std::optional<Position> told;
  std::function<void(Position end)> advanced;
};

class Subscribers::Handle final : public Subscription {
 public:
  explicit Handle(std::shared_ptr<Entry> entry) : entry_(std::move(entry)) {}
  ~Handle() override {
    const std::lock_guard lock(entry_->mutex);
    entry_->active = false;
  }

 private:
  std::shared_ptr<Entry> entry_;
};

Subscribers::Subscribers() = default;
Subscribers::~Subscribers() = default;

std::unique_ptr<Subscription> Subscribers::add(std::function<void(Position end)> advanced) {
  auto entry = std::make_shared<Entry>();
  entry->advanced = std::move(advanced);
  const std::lock_guard lock(mutex_);
  // An entry that only we know belongs to a destroyed handle (or to a call that ends any moment).
  entries_.erase(std::remove_if(entries_.begin(), entries_.end(),
                                [](const auto& known) { return known.use_count() == 1; }),
                 entries_.end());
  entries_.push_back(entry);
  return std::make_unique<Handle>(std::move(entry));
}

void Subscribers::notify(Position end) { tell(end, false); }
void Subscribers::notify_last(Position end) { tell(end, true); }

void Subscribers::tell(Position end, bool always) {
  std::vector<std::shared_ptr<Entry>> entries;
  {
    const std::lock_guard lock(mutex_);
    entries = entries_;
  }
  for (const auto& entry : entries) {
    const std::lock_guard lock(entry->mutex);
    if (!entry->active || (!always && entry->told && *entry->told >= end)) continue;
    entry->told = entry->told ? std::max(*entry->told, end) : end;
    entry->advanced(*entry->told);
  }
}

}  // namespace hansard::core
