#include "committer.h"

#include <pthread.h>

#include "status.h"

namespace hansard::rocks {
namespace {

using core::Errc;
using core::Error;

/// Bounds of one batch. Writing early lets the next sync take it along and spreads the work over
/// the sync that is running; writing every append by itself costs a system call each.
constexpr std::size_t kBatchRequests = 32;
constexpr std::size_t kBatchBytes = 256U << 10;
/// While the syncing thread is idle a batch is written sooner.
constexpr std::size_t kIdleBatchRequests = 8;
/// After so many groups of one request, with nobody behind it, there is one writer.
constexpr int kLoneGroups = 4;
/// Answers that wait for nothing are told in handfuls, not one by one.
constexpr std::size_t kEarlyAnswersMax = 64;

std::size_t payload_bytes(const core::AppendRequest& request) {
  std::size_t bytes = 0;
  for (const core::NewEvent& event : request.records) {
    bytes += event.facts.size() + event.content.size();
  }
  return bytes;
}

}  // namespace

Committer::Committer(const Parts& parts, LogState state)
    : parts_(parts),
      queue_(parts.options.queue_requests_max, parts.options.queue_bytes_max),
      state_(std::move(state)),
      index_(group_, parts.options.head_cache_bytes, parts.read_as),
      syncer_({parts.databases, parts.published, parts.head_file, parts.notifier, parts.counters,
               parts.options.notice, [this] { queue_.wake(); }},
              {parts.options.group_requests_max, parts.options.group_bytes_max}),
      thread_([this] { run(); }) {}

Committer::~Committer() { stop(); }

void Committer::stop() {
  queue_.close();
  if (thread_.joinable()) thread_.join();
  syncer_.stop();
  database_.reset();
}

void Committer::append(core::AppendRequest request, core::AppendDone done) {
  if (auto formed = core::validate(request); !formed) return done(std::move(formed.error()));
  Queued queued{std::move(request), std::move(done), 0};
  queued.bytes = payload_bytes(queued.request);
  switch (queue_.push(queued)) {
    case RequestQueue::Pushed::yes:
      return;
    case RequestQueue::Pushed::full:
      parts_.counters.overloaded.fetch_add(1, std::memory_order_relaxed);
      return queued.done(Error{Errc::overloaded, "too many appends are waiting"});
    case RequestQueue::Pushed::closed:
      return queued.done(Error{Errc::cancelled, "the log is closing"});
  }
}

void Committer::run() {
  pthread_setname_np(pthread_self(), "log-write");
  while (!closed_) {
    closed_ = !queue_.take(taken_);
    while (handled_ < taken_.size()) {
      recover_if_failed();
      if (handled_ == taken_.size()) break;  // refused
      handle(std::move(taken_[handled_++]));
      if (group_is_due()) write_group();
    }
    taken_.clear();
    handled_ = 0;
    write_group();
    tell_early();
    recover_if_failed();
  }
  syncer_.drain();
  recover_if_failed();
}

void Committer::begin_group(core::Position first) {
  if (group_.is_open()) return;
  group_.begin(first);
  parts_.space.refresh();
}

bool Committer::group_is_due() const {
  return group_.requests() >= kBatchRequests || group_.bytes() >= kBatchBytes ||
         (group_.requests() >= kIdleBatchRequests && syncer_.idle());
}

void Committer::handle(Queued queued) {
  if (!database_) {
    auto database = parts_.databases.get();
    if (!database) {
      early_.push_back({std::move(queued.done), database.error()});
      return tell_early();
    }
    database_ = *std::move(database);
  }
  auto outcome = sequence(queued.request);
  Answer answer{std::move(queued.done), std::move(outcome)};
  const bool wrote = answer.outcome && !answer.outcome->duplicate();
  const bool relaxed = answer.outcome && queued.request.durability == core::Durability::relaxed;
  // Also what wrote nothing was judged by events that may not be synced yet, and is told after
  // them: a conflict with an event that nobody can read, and that may yet fail, would be a lie.
  const bool depends = wrote || group_.is_open() || !syncer_.idle();
  if (relaxed || !depends) {
    early_.push_back(std::move(answer));
    if (early_.size() >= kEarlyAnswersMax) tell_early();
    return;
  }
  begin_group(state_.sequencer.next);
  if (!wrote) group_.count_request();
  group_.answer(std::move(answer));
}

core::Result<core::Receipt> Committer::sequence(const core::AppendRequest& request) {
  index_.look_at(*database_);
  const core::SequencerState before = state_.sequencer;
  auto sequenced = core::sequence(state_.sequencer, index_, *parts_.options.equivalence, request);
  if (!sequenced) return sequenced.error();
  if (sequenced->writes.empty()) return std::move(sequenced->receipt);
  if (auto admitted = parts_.space.admit(request.completes_answer); !admitted) {
    state_.sequencer = before;
    parts_.counters.out_of_space.fetch_add(1, std::memory_order_relaxed);
    parts_.space.refresh();
    return admitted.error();
  }
  begin_group(before.next);
  HANSARD_ASSERT(group_.first().value + group_.events() == before.next.value,
                 "a group's events are consecutive");
  group_.add(*database_, *parts_.options.hasher, state_.edge, request, sequenced->writes);
  index_.wrote(request.project, sequenced->writes);
  return std::move(sequenced->receipt);
}

void Committer::write_group() {
  if (!group_.is_open()) return;
  WrittenGroup written;
  written.first = group_.first();
  written.events = group_.events();
  written.requests = group_.requests();
  written.bytes = group_.bytes();
  if (group_.has_writes()) {
    group_.seal(*database_);
    const auto status = database_->db().Write(rocksdb::WriteOptions(), &group_.batch());
    if (!status.ok()) return recover(translate(status, "writing a group of appends"));
  }
  written.head = state_.edge.head();
  written.answers = group_.take_answers();
  group_.close();
  index_.group_is_written();
  parts_.counters.head_cache_bytes.store(index_.bytes(), std::memory_order_relaxed);
  tell_early();
  hand_over(std::move(written));
}

/// A lone writer waits for its sync anyway, unless nobody waits for this one. As soon as others
/// come in meanwhile, the next groups are written beside the sync again.
void Committer::hand_over(WrittenGroup written) {
  lone_groups_ = written.requests == 1 && queue_.depth().requests <= 1 ? lone_groups_ + 1 : 0;
  const bool awaited = !written.answers.empty();
  if (awaited && lone_groups_ > kLoneGroups && syncer_.idle() && !syncer_.failed()) {
    syncer_.sync_alone(std::move(written));
  } else {
    syncer_.add(std::move(written));
  }
}

void Committer::tell_early() { parts_.notifier.post(std::exchange(early_, {}), false); }

void Committer::notice(const std::string& text) const {
  if (parts_.options.notice) parts_.options.notice(text);
}

}  // namespace hansard::rocks
