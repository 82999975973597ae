#include "committer.h"

namespace hansard::rocks {
namespace {

using core::Errc;
using core::Error;

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
      wake_([this] { queue_.wake(); }),
      state_(std::move(state)),
      index_(exchange_, parts.options.head_cache_bytes) {
  writer_ = std::make_unique<Writer>(Writer::Parts{parts_.databases, exchange_, parts_.published,
                                                   parts_.head_file, parts_.notifier,
                                                   parts_.counters, parts_.options.notice, wake_});
  thread_ = std::thread([this] { run(); });
}

Committer::~Committer() { stop(); }

void Committer::stop() {
  queue_.close();
  if (thread_.joinable()) thread_.join();
  exchange_.close();
  writer_.reset();
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
  while (!closed_) {
    closed_ = !queue_.take(taken_);
    if (exchange_.failed()) recover();
    if (!open_) open_ = exchange_.take_back();
    for (Queued& queued : taken_) {
      handle(std::move(queued));
      if (exchange_.failed()) recover();
      if (open_ && (open_->requests() >= parts_.options.group_requests_max ||
                    open_->bytes() >= parts_.options.group_bytes_max)) {
        leave_open();
        wait_for_room();
      } else if (open_ && exchange_.writer_waits()) {
        leave_open();
      }
      if (early_.size() >= kEarlyAnswersMax) tell_early();
    }
    taken_.clear();
    leave_open();  // while this thread waits, the writer finds the group by itself
    tell_early();
  }
  end_writer();
}

Group& Committer::open_group(core::Position first) {
  if (!open_) open_ = exchange_.take_back();  // the writer may have left it alone so far
  if (!open_) {
    open_ = exchange_.fresh();
    open_->begin(++groups_begun_, first);
    parts_.space.refresh();
  }
  return *open_;
}

void Committer::handle(Queued queued) {
  if (!database_) {
    auto database = parts_.databases.get();
    if (!database) {
      early_.push_back({std::move(queued.done), database.error()});
      return;
    }
    database_ = *std::move(database);
  }
  auto outcome = sequence(queued.request);
  const bool wrote = outcome && !outcome->duplicate();
  if (outcome && queued.request.durability == core::Durability::relaxed) {
    early_.push_back({std::move(queued.done), std::move(outcome)});
    return;
  }
  if (!wrote) {
    // It was judged by what groups on their way will leave behind, so it is told after them: a
    // conflict with an event that nobody can read, and that may yet fail, would be a lie.
    const auto in_flight = exchange_.in_flight();
    const bool depends = open_ || in_flight.waiting != nullptr || in_flight.writing != nullptr;
    if (!depends) {
      early_.push_back({std::move(queued.done), std::move(outcome)});
      return;
    }
  }
  if (!wrote) open_group(state_.sequencer.next).count_request();
  open_->answer({std::move(queued.done), std::move(outcome)});
}

core::Result<core::Receipt> Committer::sequence(const core::AppendRequest& request) {
  index_.look_at(database_.get(), open_.get());
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
  const core::Position first = before.next;
  Group& group = open_group(first);
  HANSARD_ASSERT(group.first().value + group.events() == first.value,
                 "a group's events are consecutive");
  group.add(*database_, *parts_.options.hasher, state_.edge, request, sequenced->writes);
  index_.wrote(request.project, sequenced->writes, group.number());
  return std::move(sequenced->receipt);
}

void Committer::leave_open() {
  if (!open_) return;
  open_->seal(*database_, state_.edge.head());
  exchange_.leave(std::move(open_));
  parts_.counters.head_cache_bytes.store(index_.bytes(), std::memory_order_relaxed);
}

void Committer::wait_for_room() {
  exchange_.wait_taken();
  if (exchange_.failed()) recover();
}

void Committer::end_writer() {
  exchange_.wait_idle();
  if (exchange_.failed()) recover();
}

void Committer::tell_early() { parts_.notifier.post(std::exchange(early_, {})); }

void Committer::notice(const std::string& text) const {
  if (parts_.options.notice) parts_.options.notice(text);
}

}  // namespace hansard::rocks
