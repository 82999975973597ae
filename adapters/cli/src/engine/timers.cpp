#include "engine/timers.h"

#include <pthread.h>

namespace hansard::cli {

class Timers::Handle final : public core::Subscription {
 public:
  Handle(std::shared_ptr<State> state, Key key) : state_(std::move(state)), key_(key) {}
  ~Handle() override {
    std::function<void()> dropped;  // outside the lock: it may hold what takes it
    std::unique_lock lock(state_->mutex);
    if (const auto found = state_->waiting.find(key_); found != state_->waiting.end()) {
      dropped = std::move(found->second);
      state_->waiting.erase(found);
    }
    if (std::this_thread::get_id() == state_->thread) return;
    state_->finished.wait(lock, [&] { return state_->running != key_.second; });
    lock.unlock();
  }
  Handle(const Handle&) = delete;
  Handle& operator=(const Handle&) = delete;

 private:
  std::shared_ptr<State> state_;
  Key key_;
};

Timers::Timers() : thread_([state = state_] { run(state); }) {}

Timers::~Timers() { stop(); }

void Timers::stop() {
  {
    const std::lock_guard lock(state_->mutex);
    state_->stopping = true;
  }
  state_->changed.notify_all();
  if (thread_.joinable()) thread_.join();
  std::map<Key, std::function<void()>> left;
  const std::lock_guard lock(state_->mutex);
  left.swap(state_->waiting);
}

std::unique_ptr<core::Subscription> Timers::after(std::chrono::milliseconds wait,
                                                  std::function<void()> work) {
  const std::lock_guard lock(state_->mutex);
  if (state_->stopping || state_->waiting.size() >= kTimersMax) return nullptr;
  const Key key(Clock::now() + wait, state_->next_id++);
  const auto added = state_->waiting.emplace(key, std::move(work)).first;
  if (added == state_->waiting.begin()) state_->changed.notify_one();
  return std::make_unique<Handle>(state_, key);
}

void Timers::run(const std::shared_ptr<State>& state) {
  pthread_setname_np(pthread_self(), "timers");
  std::unique_lock lock(state->mutex);
  state->thread = std::this_thread::get_id();
  while (!state->stopping) {
    if (state->waiting.empty()) {
      state->changed.wait(lock);
      continue;
    }
    const auto first = state->waiting.begin();
    const Key key = first->first;
    if (key.first > Clock::now()) {
      state->changed.wait_until(lock, key.first);
      continue;
    }
    auto work = std::move(first->second);
    state->waiting.erase(first);
    state->running = key.second;
    lock.unlock();
    work();
    work = nullptr;  // what it holds goes before anybody is told that it has run
    lock.lock();
    state->running = 0;
    state->finished.notify_all();
  }
}

}  // namespace hansard::cli
