#pragma once

#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>

#include <memory>
#include <mutex>
#include <optional>
#include <utility>

namespace hansard::http {

/// The bridge from a completion on any thread to a coroutine on its event loop. The coroutine
/// sleeps on its connection's timer; `complete` stores the value and wakes it there. A value that
/// comes after the coroutine gave up is dropped, and nothing of the connection is touched: whoever
/// completes may outlive it.
template <class T>
class Pending : public std::enable_shared_from_this<Pending<T>> {
 public:
  /// `wake` belongs to the coroutine's loop and outlives `finish`.
  explicit Pending(boost::asio::steady_timer& wake) : wake_(&wake) {}

  /// Any thread; only the first value counts.
  void complete(T value) {
    const std::lock_guard lock(mutex_);
    if (wake_ == nullptr || value_) return;
    value_ = std::move(value);
    if (sleeping_) {
      // Posted under the lock: as long as `wake_` is set, its event loop exists.
      boost::asio::post(wake_->get_executor(), [self = this->shared_from_this()] { self->wake(); });
    }
  }

  /// On the loop: true when there is nothing yet and the coroutine must sleep.
  [[nodiscard]] bool must_sleep() {
    const std::lock_guard lock(mutex_);
    sleeping_ = !value_;
    return sleeping_;
  }

  /// On the loop: the value if there is one; otherwise it may still come.
  [[nodiscard]] std::optional<T> poll() {
    const std::lock_guard lock(mutex_);
    sleeping_ = false;
    if (value_) wake_ = nullptr;
    return std::move(value_);
  }

  /// On the loop: the value if there is one; later ones are dropped.
  [[nodiscard]] std::optional<T> finish() {
    const std::lock_guard lock(mutex_);
    wake_ = nullptr;
    return std::move(value_);
  }

 private:
  void wake() {
    const std::lock_guard lock(mutex_);
    if (wake_ != nullptr) wake_->cancel();
  }

  std::mutex mutex_;
  boost::asio::steady_timer* wake_;
  bool sleeping_ = false;
  std::optional<T> value_;
};

}  // namespace hansard::http
