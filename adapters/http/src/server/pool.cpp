#include "http/pool.h"

#include <pthread.h>
#include <sys/resource.h>
#include <unistd.h>

#include <utility>

namespace hansard::http {

namespace {

void run_quietly(const std::function<void()>& work) {
  try {
    work();
  } catch (...) {
    // The work's captures are gone with it, and so is its Responder: the client was told
    // `internal`.
    return;
  }
}

}  // namespace

Pool::Pool(Options options) : options_(std::move(options)) {
  threads_.reserve(static_cast<std::size_t>(options_.threads));
  for (int i = 0; i < options_.threads; ++i) threads_.emplace_back([this] { run(); });
}

Pool::~Pool() { stop(); }

bool Pool::try_post(std::function<void()> work) {
  {
    const std::lock_guard lock(mutex_);
    if (stopping_ || queue_.size() >= options_.waiting_max) return false;
    queue_.push_back(std::move(work));
  }
  changed_.notify_one();
  return true;
}

void Pool::post(std::function<void()> work) {
  {
    const std::lock_guard lock(mutex_);
    if (!stopping_) {
      queue_.push_back(std::move(work));
      changed_.notify_one();
      return;
    }
  }
  run_quietly(work);
}

void Pool::stop() {
  std::vector<std::thread> ending;
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
    ending.swap(threads_);
  }
  changed_.notify_all();
  for (std::thread& thread : ending) thread.join();
}

std::size_t Pool::waiting() const {
  const std::lock_guard lock(mutex_);
  return queue_.size();
}

void Pool::run() {
  pthread_setname_np(pthread_self(), options_.name.substr(0, 15).c_str());
  if (options_.nice > 0) {
    // Linux keeps priority per thread. Failing to lower it costs latency, never correctness.
    static_cast<void>(setpriority(PRIO_PROCESS, static_cast<id_t>(gettid()), options_.nice));
  }
  std::unique_lock lock(mutex_);
  for (;;) {
    changed_.wait(lock, [&] { return stopping_ || !queue_.empty(); });
    if (queue_.empty()) return;
    auto work = std::move(queue_.front());
    queue_.pop_front();
    lock.unlock();
    run_quietly(work);
    work = nullptr;  // its captures may lock us again
    lock.lock();
  }
}

}  // namespace hansard::http
