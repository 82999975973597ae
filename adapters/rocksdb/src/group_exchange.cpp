#include "group_exchange.h"

namespace hansard::rocks {

std::unique_ptr<Group> GroupExchange::fresh() {
  const std::lock_guard lock(mutex_);
  if (spare_.empty()) return std::make_unique<Group>();
  auto group = std::move(spare_.back());
  spare_.pop_back();
  return group;
}

void GroupExchange::leave(std::unique_ptr<Group> group) {
  bool wake = false;
  {
    const std::lock_guard lock(mutex_);
    HANSARD_ASSERT(!waiting_, "the sequencing thread takes a waiting group back before it adds");
    waiting_ = std::move(group);
    wake = writer_waits_.exchange(false, std::memory_order_acq_rel);
  }
  if (wake) writer_.notify_one();
}

std::unique_ptr<Group> GroupExchange::take_back() {
  const std::lock_guard lock(mutex_);
  return std::move(waiting_);
}

void GroupExchange::wait_taken() {
  std::unique_lock lock(mutex_);
  sequencer_.wait(lock, [this] { return !waiting_ || failed_.load(std::memory_order_relaxed); });
}

void GroupExchange::wait_idle() {
  std::unique_lock lock(mutex_);
  sequencer_.wait(lock, [this] {
    return (!waiting_ && writing_ == nullptr) || failed_.load(std::memory_order_relaxed);
  });
}

GroupExchange::InFlight GroupExchange::in_flight() const {
  const std::lock_guard lock(mutex_);
  return {writing_, waiting_.get()};
}

GroupExchange::Failure GroupExchange::take_failure() {
  const std::lock_guard lock(mutex_);
  HANSARD_ASSERT(error_ && failed_group_, "asked only after the writer failed");
  Failure failure{*std::move(error_), {}};
  error_.reset();
  failure.groups.push_back(std::move(failed_group_));
  if (waiting_) failure.groups.push_back(std::move(waiting_));
  return failure;
}

void GroupExchange::resume() {
  const std::lock_guard lock(mutex_);
  HANSARD_ASSERT(!waiting_, "nothing is left for the writer while it has failed");
  failed_.store(false, std::memory_order_release);
}

void GroupExchange::close() {
  {
    const std::lock_guard lock(mutex_);
    closed_ = true;
  }
  writer_.notify_one();
}

std::unique_ptr<Group> GroupExchange::take() {
  std::unique_lock lock(mutex_);
  while (!waiting_ || failed_.load(std::memory_order_relaxed)) {
    if (closed_) return nullptr;
    writer_waits_.store(!failed_.load(std::memory_order_relaxed), std::memory_order_release);
    writer_.wait(lock);
  }
  writer_waits_.store(false, std::memory_order_release);
  auto group = std::move(waiting_);
  writing_ = group.get();
  lock.unlock();
  sequencer_.notify_one();
  return group;
}

void GroupExchange::finished(std::unique_ptr<Group> group) {
  {
    const std::lock_guard lock(mutex_);
    written_.store(group->number(), std::memory_order_release);
    writing_ = nullptr;
    spare_.push_back(std::move(group));
  }
  sequencer_.notify_one();
}

void GroupExchange::fail(std::unique_ptr<Group> group, core::Error error) {
  {
    const std::lock_guard lock(mutex_);
    writing_ = nullptr;
    failed_group_ = std::move(group);
    error_ = std::move(error);
    failed_.store(true, std::memory_order_release);
  }
  sequencer_.notify_one();
}

}  // namespace hansard::rocks
