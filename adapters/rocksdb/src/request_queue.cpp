#include "request_queue.h"

namespace hansard::rocks {

RequestQueue::Pushed RequestQueue::push(Queued& queued) {
  {
    const std::lock_guard lock(mutex_);
    if (closed_) return Pushed::closed;
    const std::size_t requests = waiting_.size() + taken_.requests;
    const std::size_t bytes = waiting_bytes_ + taken_.bytes;
    // A single append over the byte bound is let in when it would be alone.
    if (requests >= requests_max_ || (requests != 0 && bytes + queued.bytes > bytes_max_)) {
      return Pushed::full;
    }
    waiting_bytes_ += queued.bytes;
    waiting_.push_back(std::move(queued));
    if (!consumer_waits_) return Pushed::yes;
    consumer_waits_ = false;
  }
  changed_.notify_one();
  return Pushed::yes;
}

bool RequestQueue::take(std::vector<Queued>& out) {
  std::unique_lock lock(mutex_);
  taken_ = {};
  while (!ready()) {
    consumer_waits_ = true;
    changed_.wait(lock);
  }
  return swap_out(out);
}

bool RequestQueue::take_within(std::vector<Queued>& out, std::chrono::milliseconds pause) {
  std::unique_lock lock(mutex_);
  taken_ = {};
  const auto until = std::chrono::steady_clock::now() + pause;
  while (!ready()) {
    consumer_waits_ = true;
    if (changed_.wait_until(lock, until) == std::cv_status::timeout) break;
  }
  return swap_out(out);
}

bool RequestQueue::swap_out(std::vector<Queued>& out) {
  consumer_waits_ = false;
  woken_ = false;
  taken_ = {waiting_.size(), waiting_bytes_};
  waiting_bytes_ = 0;
  out.swap(waiting_);
  return !closed_;
}

void RequestQueue::wake() {
  {
    const std::lock_guard lock(mutex_);
    woken_ = true;
  }
  changed_.notify_one();
}

void RequestQueue::close() {
  {
    const std::lock_guard lock(mutex_);
    closed_ = true;
  }
  changed_.notify_one();
}

RequestQueue::Depth RequestQueue::depth() const {
  const std::lock_guard lock(mutex_);
  return {waiting_.size() + taken_.requests, waiting_bytes_ + taken_.bytes};
}

}  // namespace hansard::rocks
