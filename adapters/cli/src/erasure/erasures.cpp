#include "erasure/erasures.h"

#include <string>
#include <utility>

#include "erasure/durable_file.h"
#include "events/erasure/decider.h"
#include "events/session/ids.h"

namespace hansard::cli {
namespace {

using core::Errc;
using core::Error;
using core::Ok;
using core::PositionSet;
using core::RecordedEvent;
using core::Result;
using core::Status;

}  // namespace

ErasureStatus status_of(const ErasureOrder& order) {
  ErasureStatus status;
  status.id = order.id;
  status.project = order.project;
  status.scope = order.scope;
  status.message_id = order.message_id;
  status.rule = order.rule;
  status.reason = order.reason;
  status.asked_at = order.asked_at;
  status.phase = "asking";
  status.streams = order.targets.size();
  for (const ErasureTarget& target : order.targets) {
    if (target.positions) status.events += target.positions->count();
  }
  return status;
}

Erasures::Erasures(Ports ports)
    : ports_(std::move(ports)),
      selection_(ports_),
      book_(ports_.data),
      record_(ports_, [this](std::chrono::milliseconds rest) { return book_.pause(rest); }),
      worker_(ports_, book_, record_, [this](ErasureWork& work) {
        const std::lock_guard one(asking_);  // who asked may still be at it
        return admit(work);
      }) {}

Result<std::unique_ptr<Erasures>> Erasures::open(Ports ports) {
  std::unique_ptr<Erasures> erasures(new Erasures(std::move(ports)));
  if (auto loaded = erasures->load_orders(); !loaded) return loaded.error();
  if (auto loaded = erasures->load_ledger(); !loaded) return loaded.error();
  return erasures;
}

Status Erasures::start() {
  if (auto saved = book_.save(); !saved) return saved;
  worker_.start();
  return Ok{};
}

Status Erasures::load_orders() {
  auto orders = book_.read();
  if (!orders) return orders.error();
  for (ErasureOrder& order : *orders) {
    auto work = std::make_shared<ErasureWork>();
    work->status = status_of(order);
    work->order = std::move(order);
    work->ready = true;
    for (const ErasureTarget& target : work->order.targets) {
      work->ready = work->ready && target.positions.has_value();
      if (target.positions) ports_.eraser.mask(*target.positions);
    }
    book_.take(std::move(work));
  }
  return Ok{};
}

Result<std::vector<ErasureTarget>> Erasures::undone(LedgerErasure& known) const {
  const ErasureOrder& order = known.order;
  std::vector<ErasureTarget> undone;
  for (const ErasureTarget& target : order.targets) {
    const auto told = events::derive_event_id(
        order.project, target.stream, events::ContentErased::kType, {order.id}, ports_.keyed_hash);
    const auto erased = ports_.log.find(order.project, told);
    if (!erased) return erased.error();
    if (*erased) continue;
    PositionSet positions;
    bool known_here = false;
    for (const core::EventId& id : known.events[target.stream.text()]) {
      const auto at = ports_.log.find(order.project, id);
      if (!at) return at.error();
      if (!*at) continue;
      known_here = true;
      bool whole = false;
      const auto read = ports_.log.read(**at, [&](const RecordedEvent& event) {
        whole = event.id == id && !event.erased;
        return false;
      });
      if (!read) return read.error();
      if (whole) positions.add(**at);
    }
    if (!known_here) continue;  // this log ends before them
    undone.push_back({target.stream, std::move(positions)});
  }
  return undone;
}

Status Erasures::load_ledger() {
  const auto text = read_file(ports_.ledger);
  if (!text) return text.error();
  if (!*text) return Ok{};
  auto ledger = read_ledger(**text, ports_.log_id);
  if (!ledger) return ledger.error();
  for (LedgerErasure& known : *ledger) {
    ErasureOrder& order = known.order;
    if (book_.find(order.project, order.id)) continue;
    ErasureStatus done = status_of(order);
    for (const auto& [stream, events] : known.events) done.events += events.size();
    auto targets = undone(known);
    if (!targets) return targets.error();
    if (targets->empty()) {
      done.erased = true;
      done.phase.clear();
      book_.take_done(std::move(done));
      continue;
    }
    auto work = std::make_shared<ErasureWork>();
    order.targets = *std::move(targets);
    order.reapplied = true;
    work->status = status_of(order);
    work->order = std::move(order);
    work->ready = true;
    for (const ErasureTarget& target : work->order.targets) {
      ports_.eraser.mask(*target.positions);
    }
    ports_.notice("erasure " + work->order.id +
                  " stands in the ledger and not in this log, which is older: it is done again");
    book_.take(std::move(work));
  }
  return Ok{};
}

Result<ErasureOrder> Erasures::order_of(const ErasureAsk& ask) const {
  auto streams = selection_.streams_of(ask);
  if (!streams) return streams.error();
  if (streams->size() > ErasureSelection::kStreamsMax) {
    return Error{Errc::too_large,
                 "more than " + std::to_string(ErasureSelection::kStreamsMax) + " streams"};
  }
  ErasureOrder order;
  if (ask.id) {
    order.id = *ask.id;
  } else {
    auto derived = selection_.derive_id(ask, *streams);
    if (!derived) return derived.error();
    order.id = *std::move(derived);
  }
  order.project = ask.project;
  order.scope = ask.scope;
  order.message_id = ask.message_id;
  if (ask.message_id) order.origin = ask.stream;
  order.rule = ask.rule;
  order.reason = ask.reason;
  order.comment = ask.comment;
  order.asked_at = ask.at;
  order.actor = ask.actor;
  for (core::StreamId& stream : *streams) order.targets.push_back({std::move(stream)});
  return order;
}

Result<ErasureStatus> Erasures::try_out(ErasureOrder order) const {
  ErasureSelection::Below below;
  std::vector<std::string> held;
  std::vector<ErasureTarget> free;
  for (const ErasureTarget& target : order.targets) {
    const auto state = ports_.load(order.project, target.stream);
    if (!state) return state.error();
    if (!state->standing_hold().empty()) {
      held.push_back(target.stream.text());
      continue;
    }
    const auto end = selection_.end_of(order.project, target.stream);
    if (!end) return end.error();
    below[target.stream.text()] = *end;
    free.push_back(target);
  }
  order.targets = std::move(free);
  if (auto would = selection_.select(order, below); !would) return would.error();
  ErasureStatus status = status_of(order);
  status.phase = "dry run";
  status.held = std::move(held);
  return status;
}

Status Erasures::admit(ErasureWork& work) {
  if (book_.is_ready(work)) return Ok{};
  auto asked = record_.request(work.order);
  if (!asked) return asked.error();
  ErasureOrder order = work.order;
  std::erase_if(order.targets, [&](const ErasureTarget& each) {
    return !asked->below.contains(each.stream.text());
  });
  book_.set_held(work, std::move(asked->held), order.targets);
  const auto selected = selection_.select(order, asked->below);
  if (!selected) return selected.error();
  std::string lines;
  for (const ErasureTarget& target : order.targets) {
    lines += ledger_line(ports_.log_id, order, target.stream, selected->at(target.stream.text()));
    ports_.eraser.mask(*target.positions);
  }
  // Whatever was read of it before is let go of; what is read from here on is what the mask leaves.
  ports_.forget(order.project, streams_of(order));
  // Before the book, so that nothing is ready that the ledger does not know.
  if (!lines.empty()) {
    if (auto written = append_to_file(ports_.ledger, lines); !written) return written;
  }
  return book_.set_ready(work, std::move(order));
}

Result<ErasureStatus> Erasures::ask(const ErasureAsk& ask) {
  if (auto fine = events::check_erasure_word(ask.reason, "reason"); !fine) return fine.error();
  if (ask.id) {
    if (auto fine = events::check_erasure_word(*ask.id, "id"); !fine) return fine.error();
  }
  const std::lock_guard one(asking_);
  auto order = order_of(ask);
  if (!order) return order.error();
  if (ask.dry_run) return try_out(*std::move(order));
  auto work = book_.under_way(order->project, order->id);
  const bool duplicate = work != nullptr;
  if (!duplicate) {
    if (auto done = find(order->project, order->id)) {
      done->duplicate = true;
      return *std::move(done);
    }
    work = std::make_shared<ErasureWork>();
    work->status = status_of(*order);
    work->order = *std::move(order);
    if (auto begun = book_.begin(work); !begun) return begun.error();
  }
  // Also one that a kill has left half asked: nobody is told of it before nothing can be read.
  auto admitted = admit(*work);
  if (!admitted && is_refusal(admitted.error())) {
    if (auto saved = book_.drop(work); !saved) ports_.notice(saved.error().message);
  }
  // Anything else is gone on with: it may be on record already.
  book_.wake();
  if (!admitted) return admitted.error();
  auto status = book_.find(work->order.project, work->order.id).value_or(work->status);
  status.duplicate = duplicate;
  return status;
}

}  // namespace hansard::cli
