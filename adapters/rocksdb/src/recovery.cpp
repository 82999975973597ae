// After a failed write or sync: nothing is retried on the same files. Whoever waits is told that
// the outcome is unknown, the database is closed under the readers, opened anew, and the sequencing
// state is read back from what is really there.

#include "committer.h"

namespace hansard::rocks {
namespace {

using core::Errc;
using core::Error;

constexpr std::chrono::milliseconds kFirstPause{50};

void resolve(WrittenGroup& group, const Error& error, Notifier& notifier) {
  for (Answer& answer : group.answers) answer.outcome = error;
  notifier.post(std::move(group.answers), false);
}

}  // namespace

void Committer::recover_if_failed() {
  if (abandoned_) return;
  if (syncer_.failed()) return recover({Errc::unavailable, "a sync failed"});
  if (!suspected_.exchange(false, std::memory_order_acquire)) return;
  std::optional<std::pair<std::uint64_t, Error>> suspect;
  {
    const std::lock_guard lock(suspect_mutex_);
    suspect.swap(suspect_);
  }
  if (suspect && suspect->first == parts_.databases.epoch()) recover(suspect->second);
}

void Committer::database_failed(std::uint64_t epoch, const Error& error) {
  {
    const std::lock_guard lock(suspect_mutex_);
    suspect_.emplace(epoch, error);
  }
  suspected_.store(true, std::memory_order_release);
  queue_.wake();
}

void Committer::recover(const Error& error) {
  auto failure = syncer_.give_up(error);
  parts_.counters.commit_failures.fetch_add(1, std::memory_order_relaxed);
  parts_.counters.serving.store(false, std::memory_order_relaxed);
  notice("a commit failed, reopening the log: " + failure.error.message);
  if (group_.is_open()) {
    WrittenGroup unwritten;
    unwritten.first = group_.first();
    unwritten.answers = group_.take_answers();
    failure.groups.push_back(std::move(unwritten));
    group_.close();
  }
  const Error unknown{Errc::unavailable,
                      "the commit failed, so the outcome is unknown until the "
                      "same ids are sent again: " +
                          failure.error.message};
  // A full disk is worth saying so, but only once the reopened log shows that nothing was written.
  const bool disk_full = failure.error.code == Errc::out_of_space;
  if (!disk_full) {
    for (WrittenGroup& group : failure.groups) resolve(group, unknown, parts_.notifier);
  }
  tell_early();

  index_.forget();
  database_.reset();
  parts_.databases.close();
  for (auto pause = kFirstPause;; pause = std::min(2 * pause, parts_.options.reopen_pause_max)) {
    const auto reopened = try_reopen();
    if (disk_full) {
      for (WrittenGroup& group : failure.groups) {
        const bool absent = reopened && state_.sequencer.next <= group.first;
        resolve(group, absent ? failure.error : unknown, parts_.notifier);
      }
    }
    failure.groups.clear();
    if (reopened) break;
    notice("reopening failed, trying again: " + reopened.error().message);
    refuse_queued(pause, {Errc::unavailable,
                          "the log could not be reopened yet: " + reopened.error().message});
    if (closed_) {
      abandoned_ = true;
      return;
    }
  }
  syncer_.resume();
  parts_.counters.reopened.fetch_add(1, std::memory_order_relaxed);
  parts_.counters.serving.store(true, std::memory_order_relaxed);
  parts_.notifier.post({}, true);
  notice("serving again from position " + std::to_string(state_.sequencer.next.value));
}

core::Status Committer::try_reopen() {
  auto database = parts_.reopen();
  if (!database) return database.error();
  auto state = load_log_state(**database, *parts_.options.hasher);
  if (!state) return state.error();
  const core::Position acknowledged = parts_.published.end();
  if (state->sequencer.next < acknowledged) {
    return Error{Errc::corruption,
                 "the reopened log ends at " + std::to_string(state->sequencer.next.value) +
                     ", but " + std::to_string(acknowledged.value) + " events were acknowledged"};
  }
  state_ = *std::move(state);
  parts_.databases.set(*std::move(database));
  if (auto noted = parts_.head_file.write(state_.sequencer.next); !noted) {
    notice(noted.error().message);
  }
  parts_.published.set(state_.edge.head());
  return core::Ok{};
}

void Committer::refuse_queued(std::chrono::milliseconds pause, const Error& error) {
  const auto refuse = [&](std::vector<Queued>& queued, std::size_t from) {
    std::vector<Answer> answers;
    for (; from < queued.size(); ++from) answers.push_back({std::move(queued[from].done), error});
    parts_.notifier.post(std::move(answers), false);
  };
  refuse(taken_, std::exchange(handled_, taken_.size()));
  const auto until = std::chrono::steady_clock::now() + pause;
  do {
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(
        until - std::chrono::steady_clock::now());
    std::vector<Queued> queued;
    closed_ = !queue_.take_within(queued, std::max(left, std::chrono::milliseconds{0}));
    refuse(queued, 0);
  } while (!closed_ && std::chrono::steady_clock::now() < until);
}

}  // namespace hansard::rocks
