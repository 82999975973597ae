#include "tool_join.h"

#include <algorithm>

namespace hansard::projections {

void ToolJoin::add(Entry entry) {
  if (const auto* answer = std::get_if<events::ResponseReceived>(&entry.event)) {
    answers_[answer->message_id] = entries_.size();
    entries_.push_back(std::move(entry));
  } else if (std::holds_alternative<events::ToolCalled>(entry.event)) {
    add_call(std::move(entry));
  } else if (std::holds_alternative<events::ToolCompleted>(entry.event)) {
    add_outcome<events::ToolCompleted>(std::move(entry));
  } else if (std::holds_alternative<events::ToolFailed>(entry.event)) {
    add_outcome<events::ToolFailed>(std::move(entry));
  } else {
    entries_.push_back(std::move(entry));
  }
}

void ToolJoin::add_call(Entry entry) {
  auto& call = std::get<events::ToolCalled>(entry.event);
  const CallKey key{call.message_id, call.index};
  const std::string tool_call_id = call.tool_call_id;
  Place place;
  if (const auto answer = answers_.find(call.message_id); answer != answers_.end()) {
    auto& tools = entries_[answer->second].tools;
    place = {answer->second, tools.size()};
    tools.push_back(ToolUse{std::move(entry.info), std::move(call), std::nullopt});
  } else {
    place = {entries_.size(), std::nullopt};
    entries_.push_back(std::move(entry));
  }
  calls_[key] = place;
  by_call_id_[tool_call_id].push_back(place);
}

std::optional<ToolOutcome>& ToolJoin::outcome_of(const Place& place) {
  Entry& entry = entries_[place.entry];
  return place.tool ? entry.tools[*place.tool].outcome : entry.outcome;
}

template <class E>
const ToolJoin::Place* ToolJoin::open_call_for(const E& outcome) {
  if (outcome.message_id && outcome.index) {
    const auto named = calls_.find(CallKey{*outcome.message_id, *outcome.index});
    if (named == calls_.end() || outcome_of(named->second)) return nullptr;
    return &named->second;
  }
  const auto same_id = by_call_id_.find(outcome.tool_call_id);
  if (same_id == by_call_id_.end()) return nullptr;
  const auto open = std::find_if(same_id->second.rbegin(), same_id->second.rend(),
                                 [&](const Place& place) { return !outcome_of(place); });
  return open == same_id->second.rend() ? nullptr : &*open;
}

template <class E>
void ToolJoin::add_outcome(Entry entry) {
  auto& outcome = std::get<E>(entry.event);
  const Place* call = outcome.orphan ? nullptr : open_call_for(outcome);
  if (!call) {
    entries_.push_back(std::move(entry));
    return;
  }
  outcome_of(*call) = ToolOutcome{std::move(entry.info), std::move(outcome)};
}

std::vector<Entry> ToolJoin::finish() && {
  for (Entry& entry : entries_) {
    std::stable_sort(
        entry.tools.begin(), entry.tools.end(),
        [](const ToolUse& a, const ToolUse& b) { return a.event.index < b.event.index; });
  }
  return std::move(entries_);
}

}  // namespace hansard::projections
