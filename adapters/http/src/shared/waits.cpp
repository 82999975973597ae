#include "shared/waits.h"

#include <algorithm>
#include <utility>
#include <vector>

namespace hansard::http {

using std::chrono::steady_clock;

Waits::Waits(Pool& pool) : pool_(pool), thread_([this] { run(); }) {}

Waits::~Waits() {
  std::map<std::uint64_t, Wait> left;
  {
    const std::lock_guard lock(state_->mutex);
    state_->stopping = true;
  }
  state_->changed.notify_all();
  thread_.join();
  {
    const std::lock_guard lock(state_->mutex);
    left.swap(state_->waiting);
  }
  for (auto& [id, wait] : left) {
    wait.subscription = nullptr;
    wait.then(core::Error{core::Errc::cancelled, "the server is stopping"});
  }
}

void Waits::until(steady_clock::time_point deadline, const Arm& arm, Then then) {
  std::uint64_t id = 0;
  {
    const std::lock_guard lock(state_->mutex);
    if (!state_->stopping && state_->waiting.size() < kWaitingMax) {
      id = state_->next_id++;
      state_->waiting.emplace(id, Wait{deadline, nullptr, std::nullopt, then});
    }
  }
  if (id == 0) {
    return then(core::Error{core::Errc::overloaded, "too many requests wait for a position"});
  }
  auto subscription = arm([state = state_, id](core::Status outcome) {
    const std::lock_guard lock(state->mutex);
    const auto found = state->waiting.find(id);
    if (found == state->waiting.end() || found->second.outcome) return;
    found->second.outcome = std::move(outcome);
    state->changed.notify_all();
  });
  {
    const std::lock_guard lock(state_->mutex);
    const auto found = state_->waiting.find(id);
    // Over already, perhaps: then the subscription goes here, outside the lock and its own call.
    if (found != state_->waiting.end()) found->second.subscription = std::move(subscription);
  }
  state_->changed.notify_all();
}

void Waits::run() {
  std::unique_lock lock(state_->mutex);
  while (!state_->stopping) {
    const auto now = steady_clock::now();
    auto wake_at = steady_clock::time_point::max();
    std::vector<Wait> over;
    for (auto wait = state_->waiting.begin(); wait != state_->waiting.end();) {
      if (wait->second.outcome || wait->second.deadline <= now) {
        over.push_back(std::move(wait->second));
        wait = state_->waiting.erase(wait);
      } else {
        wake_at = std::min(wake_at, wait->second.deadline);
        ++wait;
      }
    }
    if (over.empty()) {
      if (wake_at == steady_clock::time_point::max()) {
        state_->changed.wait(lock);
      } else {
        state_->changed.wait_until(lock, wake_at);
      }
      continue;
    }
    lock.unlock();
    for (Wait& wait : over) {
      wait.subscription = nullptr;  // waits for a running call, which may need the lock
      core::Status outcome = wait.outcome.value_or(core::Error{
          core::Errc::timed_out, "the position asked for was not reached in time", "at_least"});
      pool_.post([then = std::move(wait.then), outcome = std::move(outcome)] { then(outcome); });
    }
    lock.lock();
  }
}

}  // namespace hansard::http
