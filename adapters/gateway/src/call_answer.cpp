#include <utility>

#include "call_run.h"
#include "estimated_usage.h"
#include "fields.h"

// The way back: from the provider through the record to the client.

namespace hansard::gateway {

using core::Errc;
using core::Error;
using core::Result;
using core::Status;

namespace {

constexpr int kRefusals = 400;  ///< status from which on an answer is none

}  // namespace

void CallRun::next(Next done) {
  Lock lock(mutex_);
  waiting_ = std::move(done);
  go_on(std::move(lock));
}

/// Asks the provider for a piece.
void CallRun::pull(Lock lock) {
  const auto exchange = exchange_;  // `cancel` may take it away meanwhile
  if (exchange == nullptr || pulling_ || over_) return;
  pulling_ = true;
  lock.unlock();
  exchange->next(
      [self = shared_from_this()](Result<std::string> bytes) { self->came(std::move(bytes)); });
}

void CallRun::came(Result<std::string> bytes) {
  Lock lock(mutex_);
  pulling_ = false;
  if (gone_) return;
  came_us_ = elapsed_us();
  if (!bytes) {
    over_ = true;
    broken_ = bytes.error();
  } else if (bytes->empty()) {
    over_ = true;
    if (!on_record_) tee_->end(came_us_);
  } else if (on_record_ || (!recorded() && !added_usage_)) {
    ready_ += *bytes;
  } else {
    ready_ += tee_->take(*bytes, came_us_);
    received_ += bytes->size();
  }
  go_on(std::move(lock));
}

/// The answer has ended, well or not, and that is not on record yet.
bool CallRun::has_ended() const {
  return !concluding_ && (over_ || (tee_->streams() && tee_->complete()));
}

/// Takes the answer as far as it can go.
void CallRun::go_on(Lock lock) {
  if (gone_ || !tee_ || (recorded() && !asked_)) return;
  const bool records = recorded() && *asked_;
  if (!records && (over_ || tee_->complete() || !tee_->streams())) ready_ += tee_->release();
  if (records && has_ended()) {
    // What comes before the end of a stream goes on; the end follows when it is on record.
    Next waiting;
    std::string out;
    if (tee_->streams() && !ready_.empty() && waiting_) {
      waiting = std::exchange(waiting_, nullptr);
      out = std::exchange(ready_, {});
    }
    conclude(lock, broken_ ? broken_off(*api_, *broken_, &*tee_, recorder_->answer_ids(), came_us_)
                           : outcome(came_us_));
    if (waiting) waiting(std::move(out));
    return;
  }
  // With its last byte an answer of a known length is there: it goes on whole, once it is on
  // record.
  const bool whole = records && !on_record_ && !tee_->streams() && length_ == received_;
  if (whole && !concluding_) return pull(std::move(lock));  // its end
  if (!waiting_) return;
  if (!ready_.empty() && !whole) return give(std::move(lock), std::exchange(ready_, {}));
  if (concluding_ && !on_record_) return;  // `concluded` goes on
  if (broken_) return give(std::move(lock), *broken_);
  if (over_) return give(std::move(lock), std::string());
  pull(std::move(lock));
}

void CallRun::give(Lock lock, Result<std::string> bytes) {
  auto waiting = std::exchange(waiting_, nullptr);
  lock.unlock();
  if (waiting) waiting(std::move(bytes));
}

/// Records what became of the call; releases the lock.
void CallRun::conclude(Lock& lock, Outcome outcome) {
  concluding_ = true;
  lock.unlock();
  if (prompt_) estimate_usage(*prompt_, outcome);
  // An answer that does not say what it used is told of all the same: it has no price then. A
  // failure that says nothing cost nothing.
  Spent spent = spent_by(outcome, sent_, asked_model());
  const bool says = spent.usage || !std::holds_alternative<events::FailResponse>(outcome);
  tell_end(tokens_in(outcome), says ? std::optional(std::move(spent)) : std::nullopt);
  const auto done = [self = shared_from_this()](Status status) {
    self->concluded(std::move(status));
  };
  if (auto* failure = std::get_if<events::FailResponse>(&outcome)) {
    if (stopped_) failure->reason = events::FailureReason::stopped;
    redact(*failure, secrets());
    recorder_->failed(std::move(*failure), done);
  } else {
    auto steps = std::get<std::vector<events::SessionStep>>(std::move(outcome));
    if (is_other()) redact(steps, secrets());
    recorder_->answered(std::move(steps), done);
  }
}

void CallRun::concluded(Status status) {
  Lock lock(mutex_);
  on_record_ = true;
  if (!status && options_.recording == Recording::strict && !broken_) {
    broken_ =
        Error{Errc::unavailable, "the answer could not be recorded: " + status.error().message};
  }
  if (gone_) return;
  if (done_ && !*head_) return refuse(std::move(lock), broken_ ? *broken_ : status.error());
  if (!broken_ && tee_) ready_ += tee_->release();
  go_on(std::move(lock));
}

/// What became of a call whose client has gone.
Outcome CallRun::left() {
  if (failed_) return *std::exchange(failed_, {});  // and nothing else was tried yet
  if (tee_ && (*head_)->status >= kRefusals) {  // many clients leave the body of a refusal unread
    if (!tee_->complete()) tee_->end(elapsed_us());
    return outcome(elapsed_us());
  }
  return broken_off(*api_,
                    over_ ? Error{Errc::cancelled, "the client went at the end"}
                          : Error{Errc::cancelled, "the client went"},
                    tee_ ? &*tee_ : nullptr, recorder_->answer_ids(), elapsed_us());
}

}  // namespace hansard::gateway
