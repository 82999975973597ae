#include "exchange.h"

#include <algorithm>
#include <utility>

namespace hansard::scripted {

namespace {

using Clock = Timer::Clock;
using core::Errc;
using core::Error;

const Error& stopping() {
  static const Error error{Errc::cancelled, "the provider stops", "stopping"};
  return error;
}

}  // namespace

Call::Call(std::shared_ptr<Timer> timer, Reply reply, core::ProviderDeadlines deadlines, Head head)
    : timer_(std::move(timer)),
      deadlines_(deadlines),
      started_(Clock::now()),
      reply_(std::move(reply)),
      head_(std::move(head)) {}

void Call::begin(std::optional<Error> error) {
  Lock lock(mutex_);
  failed_ = std::move(error);
  std::optional<Limit> limit;
  if (deadlines_.first_byte.count() > 0) {
    limit = Limit{started_ + deadlines_.first_byte, "first_byte"};
  }
  schedule(lock, failed_ ? started_ : started_ + reply_.delay, limit);
}

void Call::next(Next done) {
  Lock lock(mutex_);
  waiting_ = std::move(done);
  const auto now = Clock::now();
  const bool more = !failed_ && piece_ < reply_.pieces.size();
  std::optional<Limit> limit;
  if (deadlines_.idle.count() > 0) limit = Limit{now + deadlines_.idle, "idle"};
  schedule(lock, more ? std::max(now, head_at_ + reply_.pieces[piece_].after) : now, limit);
}

/// Goes on at `due`, or fails at the limit that is before it; on the timer's thread.
void Call::schedule(Lock& lock, Clock::time_point due, std::optional<Limit> limit) {
  if (deadlines_.total.count() > 0) {
    const auto end = started_ + deadlines_.total;
    if (!limit || end < limit->at) limit = Limit{end, "total"};
  }
  std::optional<Error> error;
  if (limit && limit->at < due) {
    due = limit->at;
    error = Error{Errc::timed_out, std::string("the script took longer than ") + limit->field,
                  limit->field};
  }
  timed_ =
      timer_->at(due, [self = shared_from_this(), error = std::move(error)] { self->come(error); });
  if (timed_) return;
  lock.unlock();
  come(stopping());
}

void Call::come(std::optional<Error> error) {
  Lock lock(mutex_);
  timed_.reset();
  if (dropped_) return;
  if (error && !failed_) failed_ = std::move(error);
  if (auto head = std::exchange(head_, nullptr)) {
    head_at_ = Clock::now();
    core::Result<core::ProviderHead> told =
        failed_ ? core::Result<core::ProviderHead>(*failed_) : std::move(reply_.head);
    return tell(std::move(lock), [&] { head(std::move(told)); });
  }
  auto waiting = std::exchange(waiting_, nullptr);
  if (!waiting) return;
  core::Result<std::string> bytes = std::string();
  if (failed_) {
    bytes = *failed_;
  } else if (piece_ < reply_.pieces.size()) {
    bytes = std::move(reply_.pieces[piece_++].bytes);
    whole_ = piece_ == reply_.pieces.size();
  }
  tell(std::move(lock), [&] { waiting(std::move(bytes)); });
}

void Call::tell(Lock lock, std::function<void()> what) {
  telling_ = std::this_thread::get_id();
  lock.unlock();
  what();
  lock.lock();
  telling_.reset();
  lock.unlock();
  told_.notify_all();
}

bool Call::drop() {
  Head head;
  Next waiting;  // let go of outside the lock
  Lock lock(mutex_);
  dropped_ = true;
  head = std::exchange(head_, nullptr);
  waiting = std::exchange(waiting_, nullptr);
  const auto timed = std::exchange(timed_, std::nullopt);
  if (timed) timer_->cancel(*timed);
  told_.wait(lock, [&] { return !telling_ || *telling_ == std::this_thread::get_id(); });
  return whole_;
}

void Call::stop() { come(stopping()); }

}  // namespace hansard::scripted
