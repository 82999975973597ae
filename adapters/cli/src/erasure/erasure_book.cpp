#include "erasure/erasure_book.h"

#include <algorithm>
#include <utility>

#include "erasure/durable_file.h"

namespace hansard::cli {
namespace {

using core::Errc;
using core::Error;
using core::Ok;
using core::Result;
using core::Status;

constexpr const char* kOrdersFile = "erasing";

std::string key_of(const core::ProjectId& project, std::string_view id) {
  return project.text() + '\n' + std::string(id);
}

}  // namespace

ErasureBook::ErasureBook(const std::filesystem::path& data) : file_(data / kOrdersFile) {}

Result<std::vector<ErasureOrder>> ErasureBook::read() const {
  const auto text = read_file(file_);
  if (!text) return text.error();
  if (!*text) return std::vector<ErasureOrder>();
  return read_orders(**text);
}

void ErasureBook::take(std::shared_ptr<ErasureWork> work) {
  const std::lock_guard lock(mutex_);
  if (work->ready) ++counts_.requested;
  pending_.push_back(std::move(work));
}

void ErasureBook::take_done(ErasureStatus status) {
  const std::lock_guard lock(mutex_);
  keep_done(std::move(status));
}

void ErasureBook::keep_done(ErasureStatus status) {
  std::string key = key_of(status.project, status.id);
  if (done_.insert_or_assign(key, std::move(status)).second) done_order_.push_back(std::move(key));
  while (done_order_.size() > kDoneKept) {
    done_.erase(done_order_.front());
    done_order_.erase(done_order_.begin());
  }
}

Status ErasureBook::save() {
  const std::lock_guard lock(mutex_);
  return save_locked();
}

Status ErasureBook::save_locked() const {
  std::vector<ErasureOrder> orders;
  for (const auto& work : pending_) orders.push_back(work->order);
  if (orders.empty()) return remove_file(file_);
  return replace_file(file_, write_orders(orders));
}

Status ErasureBook::begin(const std::shared_ptr<ErasureWork>& work) {
  const std::lock_guard lock(mutex_);
  if (pending_.size() >= kPendingMax) {
    return Error{Errc::overloaded, std::to_string(kPendingMax) + " erasures are under way"};
  }
  pending_.push_back(work);
  if (auto saved = save_locked(); !saved) {
    pending_.pop_back();
    return saved;
  }
  return Ok{};
}

Status ErasureBook::drop(const std::shared_ptr<ErasureWork>& work) {
  const std::lock_guard lock(mutex_);
  if (work->ready) return Ok{};
  std::erase(pending_, work);
  return save_locked();
}

void ErasureBook::set_held(ErasureWork& work, std::vector<std::string> held,
                           std::vector<ErasureTarget> left) {
  const std::lock_guard lock(mutex_);
  work.status.held = std::move(held);
  work.order.targets = std::move(left);
}

bool ErasureBook::is_ready(const ErasureWork& work) const {
  const std::lock_guard lock(mutex_);
  return work.ready;
}

Status ErasureBook::set_ready(ErasureWork& work, ErasureOrder order) {
  const std::lock_guard lock(mutex_);
  const auto held = std::move(work.status.held);
  work.order = std::move(order);
  work.status = status_of(work.order);
  work.status.held = held;
  if (auto saved = save_locked(); !saved) return saved;
  work.status.phase = "waiting for its turn";
  work.ready = true;
  ++counts_.requested;
  return Ok{};
}

void ErasureBook::set_phase(const ErasureWorks& works, std::string_view phase) {
  const std::lock_guard lock(mutex_);
  for (const auto& work : works) work->status.phase = phase;
}

void ErasureBook::set_failed(const ErasureWorks& works, const Error& error) {
  const std::lock_guard lock(mutex_);
  ++counts_.failures;
  for (const auto& work : works) {
    work->status.error = error.message;
    work->status.phase = "to be tried again";
  }
}

Status ErasureBook::finish(const ErasureWorks& works, std::chrono::duration<double> took) {
  const std::lock_guard lock(mutex_);
  for (const auto& work : works) {
    std::erase(pending_, work);
    work->status.erased = true;
    work->status.phase.clear();
    work->status.error.clear();
    ++counts_.done;
    counts_.events_erased += work->status.events;
    keep_done(work->status);
  }
  counts_.seconds += took.count();
  return save_locked();
}

std::shared_ptr<ErasureWork> ErasureBook::under_way(const core::ProjectId& project,
                                                    std::string_view id) const {
  const std::lock_guard lock(mutex_);
  return under_way_locked(project, id);
}

std::shared_ptr<ErasureWork> ErasureBook::under_way_locked(const core::ProjectId& project,
                                                           std::string_view id) const {
  const auto found = std::find_if(pending_.begin(), pending_.end(), [&](const auto& work) {
    return work->order.id == id && work->order.project == project;
  });
  return found == pending_.end() ? nullptr : *found;
}

std::optional<ErasureStatus> ErasureBook::find(const core::ProjectId& project,
                                               std::string_view id) const {
  const std::lock_guard lock(mutex_);
  if (const auto work = under_way_locked(project, id)) return work->status;
  const auto found = done_.find(key_of(project, id));
  if (found == done_.end()) return std::nullopt;
  return found->second;
}

std::vector<ErasureStatus> ErasureBook::list(const core::ProjectId& project,
                                             std::size_t most) const {
  const std::lock_guard lock(mutex_);
  std::vector<ErasureStatus> list;
  for (const auto& work : pending_) {
    if (work->order.project == project) list.push_back(work->status);
  }
  for (auto key = done_order_.rbegin(); key != done_order_.rend() && most > 0; ++key) {
    const ErasureStatus& status = done_.at(*key);
    if (status.project != project) continue;
    list.push_back(status);
    --most;
  }
  return list;
}

ErasureCounts ErasureBook::counts() const {
  const std::lock_guard lock(mutex_);
  ErasureCounts counts = counts_;
  counts.pending = pending_.size();
  return counts;
}

ErasureWorks ErasureBook::wait() {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [this] { return stopping_ || !pending_.empty(); });
  return stopping_ ? ErasureWorks() : pending_;
}

void ErasureBook::wake() { changed_.notify_all(); }

bool ErasureBook::pause(std::chrono::milliseconds time) {
  std::unique_lock lock(mutex_);
  return changed_.wait_for(lock, time, [this] { return stopping_; });
}

void ErasureBook::stop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_all();
}

bool ErasureBook::stopping() const {
  const std::lock_guard lock(mutex_);
  return stopping_;
}

}  // namespace hansard::cli
