#include "projections/history.h"

#include <algorithm>

#include "beyond.h"
#include "event_kind.h"
#include "events/erasure/facts.h"
#include "projections/context.h"
#include "projections/overview.h"
#include "tool_join.h"

namespace hansard::projections {
namespace {

std::string describe(const AsOf& as_of) {
  switch (as_of.kind) {
    case AsOf::Kind::head:
      return "head";
    case AsOf::Kind::version:
      return "version " + std::to_string(as_of.version.value);
    case AsOf::Kind::position:
      return "position " + std::to_string(as_of.position.value);
    case AsOf::Kind::time:
      return core::format_time(as_of.time);
  }
  return "head";
}

/// A stream read and decoded up to some moment.
struct Part {
  std::vector<Entry> entries;
  std::optional<Moment> last;
  std::size_t unknown_events = 0;
  events::ErasureState ordered;  ///< about its content
};

const events::SessionCreated* creation(const Part& part) {
  for (const Entry& entry : part.entries) {
    if (const auto* created = std::get_if<events::SessionCreated>(&entry.event)) return created;
  }
  return nullptr;
}

/// Reads the streams that one answer is made of, within one budget of bytes.
class Gatherer {
 public:
  Gatherer(const core::EventLog& log, const events::SessionCodec& codec,
           const core::ProjectId& project)
      : log_(log), codec_(codec), project_(project) {}

  core::Result<Part> read(const core::StreamId& stream, const AsOf& as_of,
                          const std::optional<std::string>& inherited_from) {
    Part part;
    core::Status status = core::Ok{};
    const auto read = log_.read_stream(project_, stream, {}, [&](const core::RecordedEvent& event) {
      if (beyond(event, as_of)) return false;
      status = take(event, inherited_from, part);
      return status.has_value();
    });
    if (!read) return read.error();
    if (!status) return status.error();
    return part;
  }

 private:
  core::Status take(const core::RecordedEvent& event,
                    const std::optional<std::string>& inherited_from, Part& part) {
    bytes_ += event.facts.size() + event.content.size();
    if (bytes_ > kHistoryBytesMax) {
      return core::Error{core::Errc::too_large,
                         "the history is over " + std::to_string(kHistoryBytesMax) + " bytes"};
    }
    part.last = Moment{event.version, event.position, event.recorded_at};
    if (events::is_erasure_event(event.type)) {
      auto ordered = events::erasure_codec().decode(event, events::Want::facts);
      if (!ordered) return ordered.error();
      part.ordered = events::after(std::move(part.ordered), event, ordered->event);
      return core::Ok{};
    }
    auto decoded = codec_.decode(event);
    if (!decoded) return decoded.error();
    if (std::holds_alternative<events::Unrecognised>(decoded->event)) {
      ++part.unknown_events;
      return core::Ok{};
    }
    EntryInfo info{event.version, event.position, event.recorded_at, event.occurred_at,
                   event.id,      event.actor,    event.erased,      inherited_from};
    part.entries.push_back(Entry{std::move(info), std::move(decoded->event)});
    return core::Ok{};
  }

  const core::EventLog& log_;
  const events::SessionCodec& codec_;
  const core::ProjectId& project_;
  std::size_t bytes_ = 0;
};

/// What a fork takes over: the conversation and its settings, not what became of the parent.
bool is_inherited(const events::SessionEvent& event) {
  return !std::holds_alternative<events::SessionCreated>(event) &&
         !std::holds_alternative<events::SessionForked>(event) &&
         !std::holds_alternative<events::SessionEnded>(event) &&
         !std::holds_alternative<events::SessionReopened>(event) &&
         !std::holds_alternative<events::ScoreRecorded>(event) &&
         !std::holds_alternative<events::RecordAttached>(event);
}

bool is_erased(const Entry& entry) {
  const auto gone = [](const std::optional<ToolOutcome>& outcome) {
    return outcome && outcome->info.erased;
  };
  return entry.info.erased || gone(entry.outcome) ||
         std::any_of(entry.tools.begin(), entry.tools.end(),
                     [&](const ToolUse& tool) { return tool.info.erased || gone(tool.outcome); });
}

core::Error no_such_moment(const core::StreamId& stream, const AsOf& as_of,
                           const std::optional<core::Version>& head) {
  const std::string session = "session '" + std::string(stream.name()) + "'";
  if (!head) return {core::Errc::not_found, "there is no " + session};
  if (as_of.kind == AsOf::Kind::version) {
    return {core::Errc::not_found,
            session + " has no " + describe(as_of) + ": its last is " + std::to_string(head->value),
            "as_of"};
  }
  return {core::Errc::not_found, session + " did not exist yet as of " + describe(as_of), "as_of"};
}

/// The parts a fork inherits, oldest ancestor first.
core::Result<std::vector<Part>> ancestors(Gatherer& gatherer, const Part& own, History& history) {
  std::vector<Part> parts;
  const events::SessionCreated* created = creation(own);
  while (created && created->parent) {
    if (parts.size() == kForkDepthMax) {
      history.inherited_cut = true;
      break;
    }
    const std::string name = created->parent->session;
    const core::Version at{created->parent->at_version};
    if (parts.empty()) history.origin = Origin{name, at, false};
    const auto stream = core::StreamId::make("session", name);
    if (!stream) break;  // a name that no stream can have: recorded by hand, found nowhere
    auto part = gatherer.read(*stream, AsOf::at(at), name);
    if (!part) return part.error();
    if (!part->last) break;
    if (parts.empty()) history.origin->found = true;
    parts.push_back(*std::move(part));
    created = creation(parts.back());
  }
  std::reverse(parts.begin(), parts.end());
  return parts;
}

}  // namespace

core::Result<History> SessionReader::history(const core::ProjectId& project,
                                             const core::StreamId& stream, AsOf as_of) const {
  // Calls outside conversations can be looked at in the same way.
  if (session_name(stream.text()).empty() && !stream.text().starts_with(kCallsPrefix)) {
    return core::Error{core::Errc::not_found, "'" + stream.text() + "' is no session"};
  }
  Gatherer gatherer(log_, codec_, project);
  auto own = gatherer.read(stream, as_of, std::nullopt);
  if (!own) return own.error();
  if (!own->last || (as_of.kind == AsOf::Kind::version && own->last->version < as_of.version)) {
    const auto head = log_.head(project, stream);
    if (!head) return head.error();
    return no_such_moment(stream, as_of, *head);
  }

  History history;
  history.project = project;
  history.stream = stream;
  history.as_of = *own->last;
  history.unknown_events = own->unknown_events;
  auto inherited = ancestors(gatherer, *own, history);
  if (!inherited) return inherited.error();

  ToolJoin join;
  for (Part& part : *inherited) {
    for (Entry& entry : part.entries) {
      if (is_inherited(entry.event)) join.add(std::move(entry));
    }
  }
  for (Entry& entry : own->entries) {
    if (std::holds_alternative<events::SessionEnded>(entry.event)) history.ended = true;
    if (std::holds_alternative<events::SessionReopened>(entry.event)) history.ended = false;
    if (!history.created && std::holds_alternative<events::SessionCreated>(entry.event)) {
      history.created = std::move(entry);
    } else {
      join.add(std::move(entry));
    }
  }
  history.entries = std::move(join).finish();
  history.erasures = std::move(own->ordered.erasures);
  history.erased = (history.created && is_erased(*history.created)) ||
                   std::any_of(history.entries.begin(), history.entries.end(), is_erased);
  return history;
}

bool is_erasing(const Erasures& erasures) {
  return std::any_of(erasures.begin(), erasures.end(),
                     [](const auto& each) { return !each.second.events_erased; });
}

core::Result<Overview> SessionReader::overview(const core::ProjectId& project,
                                               const core::StreamId& stream, AsOf as_of) const {
  const auto read = history(project, stream, as_of);
  if (!read) return read.error();
  return summarise(*read);
}

core::Result<ContextWindow> SessionReader::context(const core::ProjectId& project,
                                                   const core::StreamId& stream, AsOf as_of) const {
  auto read = history(project, stream, as_of);
  if (!read) return read.error();
  return window_after(*std::move(read));
}

}  // namespace hansard::projections
