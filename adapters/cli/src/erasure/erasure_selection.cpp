#include "erasure/erasure_selection.h"

#include <algorithm>
#include <chrono>
#include <set>
#include <utility>

#include "events/assignment/facts.h"
#include "events/erasure/traces.h"
#include "events/session/fast_facts.h"
#include "projections/experiment_directory.h"
#include "projections/sessions.h"

namespace hansard::cli {
namespace {

using core::Errc;
using core::Error;
using core::Ok;
using core::PositionSet;
using core::RecordedEvent;
using core::Result;
using core::Status;
using core::StreamId;
using core::Version;

bool has_content(const RecordedEvent& event) { return !event.erased && event.content != "{}"; }

}  // namespace

Result<std::vector<StreamId>> ErasureSelection::streams_of_user(const core::ProjectId& project,
                                                                const std::string& user) const {
  std::vector<StreamId> streams;
  const auto until = std::chrono::steady_clock::now() + kErasureViewPatience;
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
Result<std::vector<StreamId>> ErasureSelection::forks_with(const core::ProjectId& project,
                                                           const StreamId& origin,
                                                           Version below) const {
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

Result<std::vector<StreamId>> ErasureSelection::streams_of(const ErasureAsk& ask) const {
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
  if (ask.message_id) return streams_of_message(ask);
  return std::vector<StreamId>{*ask.stream};
}

Result<std::vector<StreamId>> ErasureSelection::streams_of_message(const ErasureAsk& ask) const {
  std::vector<StreamId> streams{*ask.stream};
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

Result<std::string> ErasureSelection::derive_id(const ErasureAsk& ask,
                                                const std::vector<StreamId>& streams) const {
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

Result<ErasureSelection::Events> ErasureSelection::select(ErasureOrder& order,
                                                          const Below& below) const {
  Events selection;
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

Result<Version> ErasureSelection::end_of(const core::ProjectId& project,
                                         const StreamId& stream) const {
  const auto head = ports_.log.head(project, stream);
  if (!head) return head.error();
  return *head ? Version{(*head)->value + 1} : Version{0};
}

}  // namespace hansard::cli
