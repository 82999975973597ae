#pragma once

#include <chrono>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <optional>
#include <utility>

namespace hansard::providers::testing {

/// Every wait of these tests ends after it, so that what hangs fails.
inline constexpr std::chrono::seconds kPatience{20};

/// From one thread to another. Thread-safe.
template <class T>
class Mailbox {
 public:
  void put(T value) {
    const std::lock_guard lock(mutex_);
    values_.push_back(std::move(value));
    came_.notify_all();
  }
  /// Nothing when nothing comes.
  std::optional<T> take(std::chrono::milliseconds patience = kPatience) {
    std::unique_lock lock(mutex_);
    if (!came_.wait_for(lock, patience, [&] { return !values_.empty(); })) return std::nullopt;
    T value = std::move(values_.front());
    values_.pop_front();
    return value;
  }
  [[nodiscard]] std::size_t size() const {
    const std::lock_guard lock(mutex_);
    return values_.size();
  }

 private:
  mutable std::mutex mutex_;
  std::condition_variable came_;
  std::deque<T> values_;
};

/// Opens once, for whoever waits.
class Door {
 public:
  void open() {
    const std::lock_guard lock(mutex_);
    open_ = true;
    opened_.notify_all();
  }
  bool wait() {
    std::unique_lock lock(mutex_);
    return opened_.wait_for(lock, kPatience, [&] { return open_; });
  }

 private:
  std::mutex mutex_;
  std::condition_variable opened_;
  bool open_ = false;
};

}  // namespace hansard::providers::testing
