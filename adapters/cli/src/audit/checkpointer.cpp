#include "audit/checkpointer.h"

#include <pthread.h>

#include <algorithm>
#include <utility>

#include "audit/checkpoint_file.h"

namespace hansard::cli {

namespace audit = events::audit;
using core::Ok;
using core::Result;
using std::chrono::steady_clock;

Result<std::unique_ptr<Checkpointer>> Checkpointer::create(Ports ports,
                                                           const std::vector<std::string>& copies,
                                                           std::chrono::milliseconds interval) {
  std::unique_ptr<Checkpointer> made(new Checkpointer(std::move(ports), interval));
  auto kept = CheckpointCopies::create(
      {made->ports_.clock, made->ports_.notice, [at = made.get()] { at->wake(); }}, copies);
  if (!kept) return std::move(kept.error());
  made->copies_ = *std::move(kept);
  const auto stored = stored_checkpoint(made->ports_.store);
  if (!stored) return stored.error();
  if (*stored) {  // it was checked when the directory was opened
    const auto note = audit::parse_note(**stored);
    const auto checkpoint = note ? audit::parse_checkpoint(note->text) : note.error();
    if (checkpoint) made->status_.size = checkpoint->tree.size;
  }
  return made;
}

Checkpointer::~Checkpointer() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_all();
  if (thread_.joinable()) thread_.join();
}

void Checkpointer::start() {
  thread_ = std::thread([this] { run(); });
  pthread_setname_np(thread_.native_handle(), "checkpoints");
}

void Checkpointer::wake() {
  {
    const std::lock_guard lock(mutex_);
    woken_ = true;
  }
  changed_.notify_all();
}

void Checkpointer::sign_again() {
  {
    const std::lock_guard lock(mutex_);
    anew_ = true;
  }
  changed_.notify_all();
}

void Checkpointer::run() {
  auto due = steady_clock::now();
  bool anew = false;  // until it has come to pass
  while (true) {
    bool at_once = false;
    {
      const std::lock_guard lock(mutex_);
      if (stopping_) return;
      woken_ = false;
      at_once = std::exchange(anew_, false);
      anew = anew || at_once;
    }
    if (at_once || steady_clock::now() >= due) {
      due = steady_clock::now() + interval_;
      const auto signed_now = sign(anew);
      if (signed_now) anew = false;
      if (!signed_now && !std::exchange(failing_, true)) {
        ports_.notice("no checkpoint could be signed: " + signed_now.error().message +
                      "; it is tried again");
      } else if (signed_now && std::exchange(failing_, false)) {
        ports_.notice("checkpoints are signed again");
      }
    }
    const auto copies_due = copies_->work();
    std::unique_lock lock(mutex_);
    changed_.wait_until(lock, std::min(due, copies_due.value_or(due)),
                        [this] { return stopping_ || woken_ || anew_; });
  }
}

core::Status Checkpointer::sign(bool anew) {
  const core::TreeHead tree = ports_.store.log().tree();
  std::uint64_t before = 0;
  {
    const std::lock_guard lock(mutex_);
    before = status_.size;
  }
  if (tree.size == 0 || (tree.size <= before && !anew)) return Ok{};
  const auto write = [&]() -> Result<std::string> {
    const auto note =
        ports_.notary.sign(audit::to_text(audit::Checkpoint{ports_.notary.origin(), tree}));
    if (!note) return note.error();
    std::string text = audit::to_text(*note);
    if (auto stored = store_checkpoint(ports_.store, text); !stored) return stored.error();
    return text;
  };
  const auto text = write();
  {
    const std::lock_guard lock(mutex_);
    if (text) {
      status_.size = tree.size;
      ++status_.written;
    } else {
      ++status_.failures;
    }
  }
  if (!text) return text.error();
  copies_->tell(*text, tree.size);
  return Ok{};
}

core::Status Checkpointer::finish() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_all();
  if (thread_.joinable()) thread_.join();
  auto outcome = sign(false);
  const auto until = steady_clock::now() + kFarewell;
  while (steady_clock::now() < until) {
    const auto due = copies_->work();
    if (copies_->settled()) break;
    std::unique_lock lock(mutex_);
    changed_.wait_until(lock, std::min(until, due.value_or(until)), [this] { return woken_; });
    woken_ = false;
  }
  return outcome;
}

Checkpointer::Status Checkpointer::status() const {
  const std::lock_guard lock(mutex_);
  Status status = status_;
  status.copies = copies_->status();
  return status;
}

}  // namespace hansard::cli
