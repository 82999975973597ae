#include "timer.h"

#include <pthread.h>

#include "core/assert.h"

namespace hansard::scripted {

Timer::Timer()
    : thread_([this] {
        pthread_setname_np(pthread_self(), "scripted");
        run();
      }) {}

Timer::~Timer() { HANSARD_ASSERT(!thread_.joinable(), "who owns it stops it"); }

void Timer::stop() {
  std::map<Key, std::function<void()>> dropped;
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
    dropped.swap(due_);
  }
  changed_.notify_one();
  thread_.join();
}

std::optional<Timer::Key> Timer::at(Clock::time_point when, std::function<void()> work) {
  Key key;
  bool first = false;
  {
    const std::lock_guard lock(mutex_);
    if (stopping_) return {};
    key = {when, count_++};
    due_.emplace(key, std::move(work));
    first = due_.begin()->first == key;
  }
  if (first) changed_.notify_one();
  return key;
}

void Timer::cancel(const Key& key) {
  std::function<void()> dropped;  // let go of outside the lock: it may hold what cancels others
  const std::lock_guard lock(mutex_);
  const auto found = due_.find(key);
  if (found == due_.end()) return;
  dropped = std::move(found->second);
  due_.erase(found);
}

void Timer::run() {
  std::unique_lock lock(mutex_);
  while (!stopping_) {
    if (due_.empty()) {
      changed_.wait(lock);
    } else if (const auto when = due_.begin()->first.first; when > Clock::now()) {
      changed_.wait_until(lock, when);
    } else {
      auto work = std::move(due_.begin()->second);
      due_.erase(due_.begin());
      lock.unlock();
      work();
      work = nullptr;  // outside the lock, too: it may hold what cancels others
      lock.lock();
    }
  }
}

}  // namespace hansard::scripted
