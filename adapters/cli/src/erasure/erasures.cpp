#include "erasure/erasures.h"

#include <pthread.h>

#include <algorithm>
#include <future>
#include <set>
#include <utility>

#include "erasure/durable_file.h"
#include "events/assignment/facts.h"
#include "events/erasure/traces.h"
#include "events/session/codec.h"
#include "events/session/fast_facts.h"
#include "events/session/ids.h"
#include "projections/experiment_directory.h"
#include "projections/sessions.h"

namespace hansard::cli {
namespace {

using core::Errc;
using core::Error;
using core::Ok;
using core::Position;
using core::PositionSet;
using core::RecordedEvent;
using core::Result;
using core::Status;
using core::StreamId;
using core::Version;
using events::ErasureScope;

constexpr const char* kOrdersFile = "erasing";
/// Whose rows are hashes of what was said. The other views hold facts only.
constexpr const char* kHashesView = "conversation_index";
constexpr std::chrono::seconds kViewPatience{60};
constexpr std::chrono::milliseconds kFirstPause{500};
constexpr std::chrono::milliseconds kPauseMax{60'000};
constexpr std::chrono::milliseconds kLook{20};
/// Appends of one order that wait at the same time.
constexpr std::size_t kAppendsAtOnce = 64;
/// Erasures that are done and still told of.
constexpr std::size_t kDoneKept = 10'000;

std::string key_of(const core::ProjectId& project, std::string_view id) {
  return project.text() + '\n' + std::string(id);
}

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

bool has_content(const RecordedEvent& event) { return !event.erased && event.content != "{}"; }

/// Trying again would not help.
bool is_refusal(const Error& error) {
  return error.code == Errc::rejected || error.code == Errc::not_found ||
         error.code == Errc::invalid_argument || error.code == Errc::too_large;
}

std::uint64_t selected(const ErasureTarget& target) {
  return target.positions ? target.positions->count() : 0;
}

Version next_version(const core::EventLog& log, const core::ProjectId& project,
                     const StreamId& stream) {
  const auto head = log.head(project, stream);
  return head && *head ? Version{(*head)->value + 1} : Version{0};
}

}  // namespace

Result<std::unique_ptr<Erasures>> Erasures::open(Ports ports) {
  std::unique_ptr<Erasures> erasures(new Erasures(std::move(ports)));
  if (auto loaded = erasures->load_orders(); !loaded) return loaded.error();
  if (auto loaded = erasures->load_ledger(); !loaded) return loaded.error();
  return erasures;
}

Erasures::~Erasures() { stop(); }

Status Erasures::load_orders() {
  const auto text = read_file(ports_.data / kOrdersFile);
  if (!text) return text.error();
  if (!*text) return Ok{};
  auto orders = read_orders(**text);
  if (!orders) return orders.error();
  for (ErasureOrder& order : *orders) {
    auto work = std::make_shared<Work>();
    work->status = status_of(order);
    work->order = std::move(order);
    work->ready = true;
    for (const ErasureTarget& target : work->order.targets) {
      work->ready = work->ready && target.positions.has_value();
      if (target.positions) ports_.eraser.mask(*target.positions);
    }
    pending_.push_back(std::move(work));
  }
  return Ok{};
}

Status Erasures::load_ledger() {
  const auto text = read_file(ports_.ledger);
  if (!text) return text.error();
  if (!*text) return Ok{};
  auto ledger = read_ledger(**text, ports_.log_id);
  if (!ledger) return ledger.error();
  for (LedgerErasure& known : *ledger) {
    ErasureOrder& order = known.order;
    const bool pending = std::any_of(pending_.begin(), pending_.end(), [&](const auto& work) {
      return work->order.id == order.id && work->order.project == order.project;
    });
    if (pending) continue;
    ErasureStatus done = status_of(order);
    for (const auto& [stream, events] : known.events) done.events += events.size();
    std::vector<ErasureTarget> undone;
    for (ErasureTarget& target : order.targets) {
      const auto told =
          events::derive_event_id(order.project, target.stream, events::ContentErased::kType,
                                  {order.id}, ports_.keyed_hash);
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
      target.positions = std::move(positions);
      undone.push_back(std::move(target));
    }
    if (undone.empty()) {
      done.erased = true;
      done.phase.clear();
      done_order_.push_back(key_of(order.project, order.id));
      done_.insert_or_assign(done_order_.back(), std::move(done));
      continue;
    }
    order.targets = std::move(undone);
    auto work = std::make_shared<Work>();
    work->status = status_of(order);
    work->order = std::move(order);
    work->ready = true;
    work->reapplied = true;
    for (const ErasureTarget& target : work->order.targets) {
      ports_.eraser.mask(*target.positions);
    }
    ports_.notice("erasure " + work->order.id +
                  " stands in the ledger and not in this log, which is older: it is done again");
    pending_.push_back(std::move(work));
  }
  return Ok{};
}

void Erasures::start() {
  thread_ = std::thread([this] { run(); });
}

void Erasures::stop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_all();
  ports_.eraser.stop();
  if (thread_.joinable()) thread_.join();
}

bool Erasures::stopping() const {
  const std::lock_guard lock(mutex_);
  return stopping_;
}

// ---- what is asked ----

Result<std::vector<StreamId>> Erasures::streams_of_user(const core::ProjectId& project,
                                                        const std::string& user) const {
  std::vector<StreamId> streams;
  const auto until = std::chrono::steady_clock::now() + kViewPatience;
  const auto sessions = ports_.views.read("sessions", ports_.log.end(), until);
  if (!sessions) return sessions.error();
  const projections::SessionDirectory directory(ports_.log, ports_.keyed_hash);
  projections::SessionQuery query;
  query.project = project;
  query.now = ports_.clock.now();
  query.user = user;
  query.limit = projections::kSessionPageMax;
  while (true) {
    const auto page = directory.list(**sessions, query);
    if (!page) return page.error();
    for (const auto& listing : page->sessions) {
      auto stream = StreamId::make("session", listing.row.name);
      if (stream) streams.push_back(*std::move(stream));
    }
    if (streams.size() > kStreamsMax) {
      return Error{Errc::too_large,
                   "user: has more than " + std::to_string(kStreamsMax) +
                       " conversations; erase them by session",
                   "user"};
    }
    if (!page->next) break;
    query.cursor = *page->next;
  }
  // What came of experiments that the user was a unit of.
  const auto experiments = ports_.views.read("experiments", ports_.log.end(), until);
  if (!experiments) return experiments.error();
  projections::ExperimentQuery every;
  every.project = project;
  every.limit = projections::kExperimentPageMax;
  while (true) {
    const auto page = projections::list_experiments(**experiments, every);
    if (!page) return page.error();
    for (const auto& experiment : page->experiments) {
      if (experiment.unit != events::Unit::user) continue;
      auto stream = StreamId::make(
          "assignment", events::assignment_name(project, experiment.name, events::Unit::user, user,
                                                ports_.keyed_hash));
      if (!stream) continue;
      const auto head = ports_.log.head(project, *stream);
      if (!head) return head.error();
      if (*head) streams.push_back(*std::move(stream));
    }
    if (!page->next) return streams;
    every.cursor = *page->next;
  }
}

/// Forks, and forks of these, that left when the message was there.
Result<std::vector<StreamId>> Erasures::forks_with(const core::ProjectId& project,
                                                   const StreamId& origin, Version below) const {
  std::vector<StreamId> forks;
  std::vector<std::pair<StreamId, std::uint64_t>> open{{origin, below.value}};
  std::set<std::string> seen{origin.text()};
  while (!open.empty()) {
    const StreamId stream = std::move(open.back().first);
    const std::uint64_t from = open.back().second;
    open.pop_back();
    const auto read =
        ports_.log.read_stream(project, stream, Version{0}, [&](const RecordedEvent& event) {
          if (event.type != events::SessionForked::kType) return true;
          const auto decoded = events::session_codec().decode(event, events::Want::facts);
          if (!decoded) return true;
          const auto* forked = std::get_if<events::SessionForked>(&decoded->event);
          if (forked == nullptr || forked->at_version < from) return true;
          auto child = StreamId::make("session", forked->child);
          if (!child || !seen.insert(child->text()).second) return true;
          forks.push_back(*child);
          open.emplace_back(*std::move(child), 0);
          return forks.size() < kStreamsMax;
        });
    if (!read) return read.error();
  }
  return forks;
}

Result<std::vector<StreamId>> Erasures::streams_of(const ErasureAsk& ask) const {
  if (ask.user) {
    auto streams = streams_of_user(ask.project, *ask.user);
    if (streams && streams->empty()) {
      return Error{Errc::not_found, "user: nothing is on record of this user", "user"};
    }
    return streams;
  }
  if (!ask.stream) return ask.streams;
  const auto head = ports_.log.head(ask.project, *ask.stream);
  if (!head) return head.error();
  if (!*head) {
    return Error{Errc::not_found, "session: there is no " + ask.stream->text(), "session"};
  }
  std::vector<StreamId> streams{*ask.stream};
  if (!ask.message_id) return streams;

  events::MessageTraces traces(*ask.message_id);
  Status wrong = Ok{};
  std::optional<std::string> parent;
  const auto look = [&](const StreamId& stream, bool& any) -> Status {
    const auto read =
        ports_.log.read_stream(ask.project, stream, Version{0}, [&](const RecordedEvent& event) {
          if (event.type == events::SessionCreated::kType && stream == *ask.stream) {
            const auto created = events::session_codec().decode(event, events::Want::facts);
            const auto* said =
                created ? std::get_if<events::SessionCreated>(&created->event) : nullptr;
            if (said != nullptr && said->parent) parent = said->parent->session;
          }
          const auto concerned = traces.concerns(event);
          if (!concerned) wrong = concerned.error();
          any = any || (concerned && *concerned);
          return wrong.has_value();
        });
    if (!read) return read.error();
    return wrong;
  };
  bool any = false;
  if (auto looked = look(*ask.stream, any); !looked) return looked.error();
  if (!traces.found()) {
    const std::string inherited =
        parent ? "; what it inherits is erased in session " + *parent : std::string();
    return Error{
        Errc::not_found,
        "message: there is no " + *ask.message_id + " in " + ask.stream->text() + inherited,
        "message"};
  }
  const auto forks = forks_with(ask.project, *ask.stream, *traces.found());
  if (!forks) return forks.error();
  traces.in_fork();
  for (const StreamId& fork : *forks) {
    any = false;
    if (auto looked = look(fork, any); !looked) return looked.error();
    if (any) streams.push_back(fork);
  }
  return streams;
}

Result<std::string> Erasures::derive_id(const ErasureAsk& ask,
                                        const std::vector<StreamId>& streams) const {
  // The same as long as nothing more is said in them: asked again, it is the same erasure.
  std::string named(events::to_word(ask.scope));
  named += '\n' + ask.message_id.value_or("") + '\n' + ask.rule.value_or("");
  for (const StreamId& stream : streams) {
    const auto state = ports_.load(ask.project, stream);
    if (!state) return state.error();
    named += '\n' + stream.text() + '\n';
    if (state->last_said) named += std::to_string(state->last_said->value);
  }
  const core::Hash hash = ports_.keyed_hash("erasure", ask.project.text(), named);
  return core::to_hex(core::as_bytes(hash).substr(0, 16));
}

Result<Erasures::Selection> Erasures::select(ErasureOrder& order,
                                             const std::map<std::string, Version>& below) const {
  Selection selection;
  std::optional<events::MessageTraces> traces;
  if (order.message_id) traces.emplace(*order.message_id);
  for (ErasureTarget& target : order.targets) {
    if (traces && order.origin && target.stream != *order.origin) traces->in_fork();
    const Version end = below.at(target.stream.text());
    PositionSet positions;
    auto& ids = selection[target.stream.text()];
    Status wrong = Ok{};
    const auto read = ports_.log.read_stream(order.project, target.stream, Version{0},
                                             [&](const RecordedEvent& event) {
                                               if (event.version >= end) return false;
                                               if (events::is_erasure_event(event.type))
                                                 return true;
                                               bool goes = true;
                                               if (traces) {
                                                 const auto concerned = traces->concerns(event);
                                                 if (!concerned) wrong = concerned.error();
                                                 goes = concerned && *concerned;
                                               }
                                               if (goes && has_content(event)) {
                                                 positions.add(event.position);
                                                 ids.push_back(event.id);
                                               }
                                               return wrong.has_value();
                                             });
    if (!read) return read.error();
    if (!wrong) return wrong.error();
    target.positions = std::move(positions);
  }
  return selection;
}

Status Erasures::append_each(
    const Work& work, const std::function<events::ErasureCommand(const ErasureTarget&)>& make,
    const std::function<void(const ErasureTarget&, Result<core::Receipt>)>& told) {
  const auto& targets = work.order.targets;
  for (std::size_t from = 0; from < targets.size(); from += kAppendsAtOnce) {
    if (stopping()) return Error{Errc::cancelled, "the store is closing"};
    const std::size_t end = std::min(targets.size(), from + kAppendsAtOnce);
    std::vector<std::future<Result<core::Receipt>>> waiting;
    for (std::size_t i = from; i < end; ++i) {
      core::CommandContext context;
      context.project = work.order.project;
      context.stream = targets[i].stream;
      context.recorded_at = ports_.clock.now();
      context.actor = work.order.actor;
      auto done = std::make_shared<std::promise<Result<core::Receipt>>>();
      waiting.push_back(done->get_future());
      ports_.execute(std::move(context), make(targets[i]), [done](Result<core::Receipt> receipt) {
        done->set_value(std::move(receipt));
      });
    }
    for (std::size_t i = from; i < end; ++i) told(targets[i], waiting[i - from].get());
  }
  return Ok{};
}

Result<std::map<std::string, Version>> Erasures::request(Work& work) {
  std::map<std::string, Version> below;
  std::vector<std::string> held;
  std::optional<Error> failed;
  std::optional<Error> rejected;
  auto status = append_each(
      work,
      [&](const ErasureTarget& target) {
        const ErasureOrder& order = work.order;
        events::RequestErasure step;
        step.erasure_id = order.id;
        step.scope = order.scope;
        step.message_id = order.message_id;
        if (order.origin && *order.origin != target.stream) step.origin = order.origin->text();
        step.rule = order.rule;
        step.reason = order.reason;
        step.comment = order.comment;
        events::ErasureCommand command{{}, std::move(step)};
        command.meta.salt_seed = ports_.draw_random();
        return command;
      },
      [&](const ErasureTarget& target, const Result<core::Receipt>& receipt) {
        if (receipt && !receipt->records.empty()) {
          below[target.stream.text()] = receipt->records.front().version;
        } else if (!receipt && receipt.error().code == Errc::rejected) {
          held.push_back(target.stream.text());
          rejected = receipt.error();
        } else if (!receipt) {
          failed = receipt.error();
        }
      });
  if (!status) return status.error();
  if (failed) return *failed;
  if (rejected && (below.empty() || work.order.message_id)) return *rejected;
  {
    const std::lock_guard lock(mutex_);
    work.status.held = held;
    std::erase_if(work.order.targets,
                  [&](const ErasureTarget& each) { return !below.contains(each.stream.text()); });
  }
  return below;
}

Status Erasures::admit(Work& work) {
  const auto below = request(work);
  if (!below) return below.error();
  ErasureOrder order = work.order;
  const auto selection = select(order, *below);
  if (!selection) return selection.error();
  std::string lines;
  for (const ErasureTarget& target : order.targets) {
    lines += ledger_line(ports_.log_id, order, target.stream, selection->at(target.stream.text()));
    ports_.eraser.mask(*target.positions);
    ports_.forget(order.project, target.stream);
  }
  {
    const std::lock_guard lock(mutex_);
    work.order = std::move(order);
    const auto held = work.status.held;
    work.status = status_of(work.order);
    work.status.held = held;
    if (auto saved = save(); !saved) return saved;
  }
  if (!lines.empty()) {
    if (auto written = append_to_file(ports_.ledger, lines); !written) return written;
  }
  const std::lock_guard lock(mutex_);
  work.status.phase = "waiting for its turn";
  work.ready = true;
  return Ok{};
}

Status Erasures::save() const {
  std::vector<ErasureOrder> orders;
  for (const auto& work : pending_) orders.push_back(work->order);
  if (orders.empty()) return remove_file(ports_.data / kOrdersFile);
  return replace_file(ports_.data / kOrdersFile, write_orders(orders));
}

Result<ErasureStatus> Erasures::ask(const ErasureAsk& ask) {
  if (auto fine = events::check_erasure_word(ask.reason, "reason"); !fine) return fine.error();
  if (ask.id) {
    if (auto fine = events::check_erasure_word(*ask.id, "id"); !fine) return fine.error();
  }
  const std::lock_guard one(asking_);
  auto streams = streams_of(ask);
  if (!streams) return streams.error();
  if (streams->size() > kStreamsMax) {
    return Error{Errc::too_large, "more than " + std::to_string(kStreamsMax) + " streams"};
  }
  auto work = std::make_shared<Work>();
  ErasureOrder& order = work->order;
  if (ask.id) {
    order.id = *ask.id;
  } else {
    auto derived = derive_id(ask, *streams);
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
  for (StreamId& stream : *streams) order.targets.push_back({std::move(stream)});

  if (ask.dry_run) {
    std::map<std::string, Version> below;
    std::vector<std::string> held;
    std::vector<ErasureTarget> free;
    for (const ErasureTarget& target : order.targets) {
      const auto state = ports_.load(order.project, target.stream);
      if (!state) return state.error();
      if (!state->standing_hold().empty()) {
        held.push_back(target.stream.text());
        continue;
      }
      below[target.stream.text()] = next_version(ports_.log, order.project, target.stream);
      free.push_back(target);
    }
    order.targets = std::move(free);
    if (auto would = select(order, below); !would) return would.error();
    ErasureStatus status = status_of(order);
    status.phase = "dry run";
    status.held = std::move(held);
    return status;
  }

  if (auto known = find(order.project, order.id)) {
    known->duplicate = true;
    return *std::move(known);
  }
  work->status = status_of(order);
  {
    const std::lock_guard lock(mutex_);
    if (pending_.size() >= kPendingMax) {
      return Error{Errc::overloaded, std::to_string(kPendingMax) + " erasures are under way"};
    }
    pending_.push_back(work);
    if (auto saved = save(); !saved) {
      pending_.pop_back();
      return saved.error();
    }
  }
  if (auto admitted = admit(*work); !admitted) {
    if (is_refusal(admitted.error())) {
      const std::lock_guard lock(mutex_);
      std::erase(pending_, work);
      if (auto saved = save(); !saved) ports_.notice(saved.error().message);
    }
    // Anything else is gone on with: it may be on record already.
    changed_.notify_all();
    return admitted.error();
  }
  changed_.notify_all();
  const std::lock_guard lock(mutex_);
  return work->status;
}

std::optional<ErasureStatus> Erasures::find(const core::ProjectId& project,
                                            std::string_view id) const {
  const std::lock_guard lock(mutex_);
  for (const auto& work : pending_) {
    if (work->order.id == id && work->order.project == project) return work->status;
  }
  const auto found = done_.find(key_of(project, id));
  if (found == done_.end()) return std::nullopt;
  return found->second;
}

std::vector<ErasureStatus> Erasures::list(const core::ProjectId& project, std::size_t most) const {
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

Erasures::Counts Erasures::counts() const {
  const std::lock_guard lock(mutex_);
  Counts counts = counts_;
  counts.pending = pending_.size();
  return counts;
}

// ---- what is done about it ----

void Erasures::run() {
  pthread_setname_np(pthread_self(), "erase");
  auto pause = kFirstPause;
  while (true) {
    Works works;
    {
      std::unique_lock lock(mutex_);
      changed_.wait(lock, [this] { return stopping_ || !pending_.empty(); });
      if (stopping_) return;
      works = pending_;
    }
    Status status = Ok{};
    for (const auto& work : works) {
      bool ready = false;
      {
        const std::lock_guard one(asking_);  // who asked may still be at it
        const std::lock_guard lock(mutex_);
        ready = work->ready;
      }
      if (ready || !status) continue;
      const std::lock_guard one(asking_);
      status = admit(*work);
      if (!status && is_refusal(status.error())) {
        ports_.notice("erasure " + work->order.id + " is not done: " + status.error().message);
        status = Ok{};
        const std::lock_guard lock(mutex_);
        std::erase(pending_, work);
        if (auto saved = save(); !saved) status = saved;
      }
    }
    std::erase_if(works, [this](const auto& work) {
      const std::lock_guard lock(mutex_);
      return !work->ready;
    });
    if (status && !works.empty()) status = carry_out(works);
    if (status) {
      pause = kFirstPause;
      continue;
    }
    std::unique_lock lock(mutex_);
    if (stopping_) return;
    ++counts_.failures;
    for (const auto& work : works) {
      work->status.error = status.error().message;
      work->status.phase = "to be tried again";
    }
    lock.unlock();
    ports_.notice("an erasure is tried again: " + status.error().message);
    lock.lock();
    if (changed_.wait_for(lock, pause, [this] { return stopping_; })) return;
    pause = std::min(2 * pause, kPauseMax);
  }
}

void Erasures::set_phase(const Works& works, std::string_view phase) {
  const std::lock_guard lock(mutex_);
  for (const auto& work : works) work->status.phase = phase;
}

Status Erasures::carry_out(const Works& works) {
  PositionSet positions;
  for (const auto& work : works) {
    for (const ErasureTarget& target : work->order.targets) {
      if (target.positions) positions.add(*target.positions);
      ports_.forget(work->order.project, target.stream);
    }
    if (!work->reapplied) continue;
    // A hold of then cannot bring back what was destroyed since.
    Status failed = Ok{};
    auto asked = append_each(
        *work,
        [&](const ErasureTarget&) {
          events::RequestErasure step;
          step.erasure_id = work->order.id;
          step.scope = work->order.scope;
          step.message_id = work->order.message_id;
          if (work->order.origin) step.origin = work->order.origin->text();
          step.rule = work->order.rule;
          step.reason = work->order.reason;
          events::ErasureCommand command{{}, std::move(step)};
          command.meta.salt_seed = ports_.draw_random();
          return command;
        },
        [&](const ErasureTarget& target, const Result<core::Receipt>& receipt) {
          if (receipt) return;
          const bool judged =
              receipt.error().code == Errc::rejected || receipt.error().code == Errc::id_reused;
          if (!judged) failed = receipt.error();
          if (receipt.error().code == Errc::rejected) {
            ports_.notice("erasure " + work->order.id + " by the ledger: " + target.stream.text() +
                          ": " + receipt.error().message);
          }
        });
    if (!asked) return asked;
    if (!failed) return failed;
  }
  set_phase(works, "views");
  for (const core::ProjectionState& view : ports_.views.states()) {
    if (view.name == kHashesView && view.phase == core::ProjectionState::Phase::building) {
      return Error{Errc::unavailable, "the view " + view.name + " is being built anew"};
    }
  }
  {
    const auto folded = ports_.views.read(kHashesView, ports_.log.end(),
                                          std::chrono::steady_clock::now() + kViewPatience);
    if (!folded) return folded.error();
  }
  rocks::EraseOptions options;
  options.views = {kHashesView};
  options.phase = [&](std::string_view phase) { set_phase(works, phase); };
  const auto erased = ports_.eraser.erase(positions, options);
  if (!erased) return erased.error();
  set_phase(works, "search");
  if (auto purged = purge_texts(); !purged) return purged;
  set_phase(works, "telling");
  for (const auto& work : works) {
    if (auto told = complete(*work); !told) return told;
  }
  std::uint64_t events = 0;
  {
    const std::lock_guard lock(mutex_);
    for (const auto& work : works) {
      std::erase(pending_, work);
      work->status.erased = true;
      work->status.phase.clear();
      work->status.error.clear();
      events += work->status.events;
      const std::string key = key_of(work->order.project, work->order.id);
      if (done_.insert_or_assign(key, work->status).second) done_order_.push_back(key);
    }
    while (done_order_.size() > kDoneKept) {
      done_.erase(done_order_.front());
      done_order_.erase(done_order_.begin());
    }
    counts_.done += works.size();
    counts_.events_erased += events;
    if (auto saved = save(); !saved) return saved;
  }
  ports_.eraser.unmask(positions);
  return Ok{};
}

Status Erasures::purge_texts() {
  if (ports_.texts == nullptr) return Ok{};
  using Phase = projections::SearchState::Phase;
  ports_.texts->rebuild("content was erased");
  const auto until = std::chrono::steady_clock::now() + kViewPatience;
  while (ports_.texts->state().phase == Phase::opening) {
    if (std::chrono::steady_clock::now() >= until) {
      return Error{Errc::timed_out,
                   "the index of texts was not thrown away: " + ports_.texts->state().error};
    }
    std::unique_lock lock(mutex_);
    changed_.wait_for(lock, kLook, [this] { return stopping_; });
    if (stopping_) return Error{Errc::cancelled, "the store is closing"};
  }
  return Ok{};
}

Status Erasures::complete(const Work& work) {
  Status failed = Ok{};
  auto status = append_each(
      work,
      [&](const ErasureTarget& target) {
        events::CompleteErasure step;
        step.erasure_id = work.order.id;
        step.events = selected(target);
        events::ErasureCommand command{{}, std::move(step)};
        command.meta.salt_seed = ports_.draw_random();
        return command;
      },
      [&](const ErasureTarget&, const Result<core::Receipt>& receipt) {
        // Of one that the ledger brought back under a hold the stream says nothing.
        const bool unsaid = work.reapplied && !receipt && receipt.error().code == Errc::not_found;
        if (!receipt && !unsaid) failed = receipt.error();
      });
  if (!status) return status;
  return failed;
}

}  // namespace hansard::cli
