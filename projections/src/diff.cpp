#include "projections/diff.h"

#include <algorithm>
#include <unordered_set>

#include "projections/context.h"

namespace hansard::projections {
namespace {

using Ids = std::unordered_set<core::EventId>;

/// Calls `f(info, event)` for every event of a history, those joined to others included.
template <class F>
void for_each_event(const Entry& entry, const F& f) {
  f(entry.info, entry.event);
  const auto outcome = [&](const std::optional<ToolOutcome>& of) {
    if (!of) return;
    std::visit([&](const auto& event) { f(of->info, events::SessionEvent(event)); }, of->event);
  };
  for (const ToolUse& tool : entry.tools) {
    f(tool.info, events::SessionEvent(tool.event));
    outcome(tool.outcome);
  }
  outcome(entry.outcome);
}

template <class F>
void for_each_event(const History& history, const F& f) {
  if (history.created) for_each_event(*history.created, f);
  for (const Entry& entry : history.entries) for_each_event(entry, f);
}

Ids ids_of(const History& history) {
  Ids ids;
  for_each_event(history,
                 [&](const EntryInfo& info, const events::SessionEvent&) { ids.insert(info.id); });
  return ids;
}

/// What `history` has beyond the events in `known`.
SessionDiff::Part beyond(const History& history, const Ids& known) {
  SessionDiff::Part part;
  for_each_event(history, [&](const EntryInfo& info, const events::SessionEvent& event) {
    if (known.contains(info.id)) return;
    ++part.events;
    count_event(part.counters, event);
  });
  const auto take = [&](const Entry& entry) {
    if (!known.contains(entry.info.id)) return part.entries.push_back(entry);
    for_each_event(entry, [&](const EntryInfo& info, const events::SessionEvent& event) {
      if (!known.contains(info.id)) part.entries.push_back(Entry{info, event});
    });
  };
  if (history.created) take(*history.created);
  for (const Entry& entry : history.entries) take(entry);
  // A result of an old call was met before the messages that it came after.
  std::stable_sort(part.entries.begin(), part.entries.end(), [](const Entry& a, const Entry& b) {
    return a.info.position < b.info.position;
  });
  return part;
}

/// A message in the window; a summary by what it stands for.
std::string name_in_window(const ContextMessage& message) {
  if (const auto* sent = std::get_if<events::MessageSent>(&message.entry.event)) {
    return sent->message_id;
  }
  if (const auto* answer = std::get_if<events::ResponseReceived>(&message.entry.event)) {
    return answer->message_id;
  }
  if (message.summary_of.empty()) return {};
  std::string name = "summary of";
  for (const std::string& id : message.summary_of) name += " " + id;
  return name;
}

std::vector<std::string> window_names(History history) {
  std::vector<std::string> names;
  for (const ContextMessage& message : window_after(std::move(history)).messages) {
    std::string name = name_in_window(message);
    if (!name.empty()) names.push_back(std::move(name));
  }
  return names;
}

std::vector<std::string> without(const std::vector<std::string>& names,
                                 const std::vector<std::string>& others) {
  const std::unordered_set<std::string_view> known(others.begin(), others.end());
  std::vector<std::string> out;
  for (const std::string& name : names) {
    if (!known.contains(name)) out.push_back(name);
  }
  return out;
}

SessionDiff::Side side(const History& history) {
  return {history.stream, history.as_of, history.ended, summarise(history).config};
}

}  // namespace

SessionDiff diff(History from, History to) {
  SessionDiff out;
  out.project = to.project;
  out.from = side(from);
  out.to = side(to);
  const Ids before = ids_of(from);
  out.added = beyond(to, before);
  out.removed = beyond(from, ids_of(to));
  out.common = before.size() - out.removed.events;
  const std::vector<std::string> sent_before = window_names(std::move(from));
  const std::vector<std::string> sent_after = window_names(std::move(to));
  out.added.window = without(sent_after, sent_before);
  out.removed.window = without(sent_before, sent_after);
  return out;
}

}  // namespace hansard::projections
