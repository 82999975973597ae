#include "maintenance.h"

#include <algorithm>
#include <utility>

namespace hansard::rocks {
namespace {

constexpr std::chrono::milliseconds kTick{1000};

}  // namespace

Maintenance::Maintenance(ViewStore& views, SpaceGuard& space,
                         std::chrono::milliseconds views_flush_interval)
    : views_(views), space_(space), interval_(views_flush_interval), thread_([this] { run(); }) {}

Maintenance::~Maintenance() { stop(); }

void Maintenance::flush_views() {
  {
    const std::lock_guard lock(mutex_);
    due_ = true;
  }
  changed_.notify_one();
}

void Maintenance::stop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_one();
  if (thread_.joinable()) thread_.join();
}

void Maintenance::run() {
  auto next_flush = std::chrono::steady_clock::now() + interval_;
  while (true) {
    bool due = false;
    {
      std::unique_lock lock(mutex_);
      changed_.wait_for(lock, std::min(kTick, interval_), [this] { return due_ || stopping_; });
      if (stopping_) return;
      due = std::exchange(due_, false);
    }
    space_.refresh();
    const auto now = std::chrono::steady_clock::now();
    if (!due && now < next_flush) continue;
    // A flush that fails is tried again next time; a write that fails for the same reason tells.
    if (views_.flush()) next_flush = now + interval_;
  }
}

}  // namespace hansard::rocks
