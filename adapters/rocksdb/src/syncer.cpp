#include "syncer.h"

#include <pthread.h>

#include <iterator>

#include "core/assert.h"

namespace hansard::rocks {
namespace {

/// So few answers are told by whoever synced when no group waits: the disk would idle anyway.
constexpr std::size_t kToldHereMax = 2;

}  // namespace

Syncer::Syncer(const Parts& parts, const Limits& limits)
    : parts_(parts), limits_(limits), thread_([this] { run(); }) {}

Syncer::~Syncer() { stop(); }

void Syncer::stop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  work_.notify_one();
  if (thread_.joinable()) thread_.join();
}

bool Syncer::has_room() const {
  return waiting_.empty() || failed_.load(std::memory_order_relaxed) ||
         (waiting_requests_ < limits_.requests_max && waiting_bytes_ < limits_.bytes_max);
}

void Syncer::add(WrittenGroup group) {
  {
    std::unique_lock lock(mutex_);
    done_.wait(lock, [this] { return has_room(); });
    waiting_requests_ += group.requests;
    waiting_bytes_ += group.bytes;
    waiting_.push_back(std::move(group));
    idle_.store(false, std::memory_order_release);
    if (syncing_) return;
  }
  work_.notify_one();
}

void Syncer::drain() {
  std::unique_lock lock(mutex_);
  done_.wait(lock, [this] {
    return (waiting_.empty() && !syncing_) || failed_.load(std::memory_order_relaxed);
  });
}

Syncer::Failure Syncer::give_up(const core::Error& error) {
  std::unique_lock lock(mutex_);
  resting_ = true;
  done_.wait(lock, [this] { return !syncing_; });
  failed_.store(true, std::memory_order_release);
  Failure failure{error_.value_or(error), std::move(unsynced_)};
  std::move(waiting_.begin(), waiting_.end(), std::back_inserter(failure.groups));
  error_.reset();
  unsynced_.clear();
  waiting_.clear();
  waiting_requests_ = 0;
  waiting_bytes_ = 0;
  idle_.store(true, std::memory_order_release);
  return failure;
}

void Syncer::resume() {
  const std::lock_guard lock(mutex_);
  resting_ = false;
  failed_.store(false, std::memory_order_release);
}

void Syncer::sync_alone(WrittenGroup group) {
  std::vector<WrittenGroup> groups;
  groups.push_back(std::move(group));
  std::unique_lock lock(mutex_);
  HANSARD_ASSERT(waiting_.empty() && !syncing_ && !resting_, "one sync at a time");
  idle_.store(false, std::memory_order_release);
  sync_and_tell(lock, std::move(groups));
}

void Syncer::run() {
  pthread_setname_np(pthread_self(), "log-sync");
  std::unique_lock lock(mutex_);
  while (true) {
    work_.wait(lock, [this] { return stopping_ || (!waiting_.empty() && !resting_); });
    if (waiting_.empty() || resting_) return;
    std::vector<WrittenGroup> groups = std::move(waiting_);
    waiting_.clear();
    waiting_requests_ = 0;
    waiting_bytes_ = 0;
    sync_and_tell(lock, std::move(groups));
  }
}

void Syncer::sync_and_tell(std::unique_lock<std::mutex>& lock, std::vector<WrittenGroup> groups) {
  syncing_ = true;
  lock.unlock();
  done_.notify_one();  // there is room again

  auto synced = sync(groups);
  if (synced) tell(groups);

  lock.lock();
  syncing_ = false;
  if (synced) {
    idle_.store(waiting_.empty(), std::memory_order_release);
  } else {
    error_ = std::move(synced.error());
    unsynced_ = std::move(groups);
    resting_ = true;
    failed_.store(true, std::memory_order_release);
  }
  done_.notify_one();
  if (failed_.load(std::memory_order_relaxed)) {
    lock.unlock();
    parts_.failed();
    lock.lock();
  }
}

void Syncer::tell(std::vector<WrittenGroup>& groups) {
  std::vector<Answer> answers;
  for (WrittenGroup& group : groups) {
    std::move(group.answers.begin(), group.answers.end(), std::back_inserter(answers));
  }
  bool nobody_waits = false;
  {
    const std::lock_guard lock(mutex_);
    nobody_waits = waiting_.empty();
  }
  if (nobody_waits && answers.size() <= kToldHereMax) {
    for (Answer& answer : answers) answer.done(std::move(answer.outcome));
    answers.clear();
  }
  parts_.notifier.post(std::move(answers), true);
}

core::Status Syncer::sync(const std::vector<WrittenGroup>& groups) {
  Counters& counters = parts_.counters;
  std::size_t events = 0;
  std::size_t requests = 0;
  std::size_t bytes = 0;
  for (const WrittenGroup& group : groups) {
    events += group.events;
    requests += group.requests;
    bytes += group.bytes;
  }
  if (events != 0) {  // else there are only answers that waited for the syncs before
    const auto database = parts_.databases.get();
    if (!database) return database.error();
    const auto started = std::chrono::steady_clock::now();
    if (auto synced = (*database)->sync_log(); !synced) return synced;
    counters.add_sync(std::chrono::steady_clock::now() - started);
    counters.groups.fetch_add(1, std::memory_order_relaxed);

    // Durable whether or not HEAD can be noted: HEAD behind the log is harmless.
    const core::TreeHead& head = groups.back().head;
    const auto noted = parts_.head_file.write(core::Position{head.size});
    if (!noted && !head_warned_ && parts_.notice) parts_.notice(noted.error().message);
    head_warned_ = !noted;
    parts_.published.set(head);
  }
  counters.requests.fetch_add(requests, std::memory_order_relaxed);
  counters.events.fetch_add(events, std::memory_order_relaxed);
  counters.bytes.fetch_add(bytes, std::memory_order_relaxed);
  return core::Ok{};
}

}  // namespace hansard::rocks
