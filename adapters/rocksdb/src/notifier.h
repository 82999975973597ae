#pragma once

#include <condition_variable>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

#include "core/subscribers.h"
#include "group.h"
#include "published.h"

namespace hansard::rocks {

/// Tells those who wait: calls `done`s and subscribers on a thread of its own, so that neither the
/// next sync nor the next group waits for them. Thread-safe.
class Notifier {
 public:
  explicit Notifier(const Published& published);
  ~Notifier();  ///< `stop`s

  /// Calls every `done`; and subscribers with the published end, when it `moved`.
  void post(std::vector<Answer> answers, bool moved);
  /// Tells everything that was posted, tells subscribers a last time, and ends. Idempotent.
  void stop();

  std::unique_ptr<core::Subscription> subscribe(std::function<void(core::Position end)> advanced) {
    return subscribers_.add(std::move(advanced));
  }

 private:
  void run();

  const Published& published_;
  core::Subscribers subscribers_;
  std::mutex mutex_;
  std::condition_variable posted_;
  std::vector<std::vector<Answer>> answers_;  ///< guarded by mutex_, as are the next three
  bool moved_ = false;
  bool waits_ = false;
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace hansard::rocks
