#include "events/session/state.h"

#include <algorithm>

namespace hansard::events {
namespace {

/// Nodes of maps, sets and their headers, per entry, on this library and platform.
constexpr std::size_t kNodeBytes = 96;

/// Of the event being noted.
std::uint64_t version_now(const SessionState& state) { return state.next_version - 1; }

void touch(SessionState& state, std::string_view message_id) {
  const auto found = state.messages.find(message_id);
  if (found != state.messages.end()) found->second.last_version = version_now(state);
}

void note(SessionState& state, const SessionCreated& event) {
  if (state.created) return;
  state.created = event;
  state.created->title.reset();
  state.created->metadata.reset();
  state.created->filtered.reset();
  for (const auto& [key, value] : event.tags) {
    state.text_bytes += 2 * kNodeBytes + 2 * key.size() + value.size();
  }
}

void note(SessionState& state, const SessionConfigured& event) {
  if (event.tools_hash) state.tools_hash = event.tools_hash;
}

void note(SessionState& state, const MessageSent& event) {
  state.messages[event.message_id].last_version = version_now(state);
  state.text_bytes += event.message_id.size();
}

void note(SessionState& state, const ResponseRequested& event) {
  auto& call = state.calls[event.call_id];
  call.requested = std::max(call.requested, event.attempt);
  state.text_bytes += event.call_id.size();
}

void note(SessionState& state, const ResponseReceived& event) {
  auto& call = state.calls[event.call_id];
  if (std::find(call.choices.begin(), call.choices.end(), event.choice) == call.choices.end()) {
    call.choices.push_back(event.choice);
  }
  auto& message = state.messages[event.message_id];
  message.answer = true;
  message.last_version = version_now(state);
  message.parts = event.parts_count;
  message.usage = event.usage.has_value();
  message.asked.clear();
  std::uint32_t next = 0;
  for (const Part& part : event.parts) {
    if (part.kind() != "tool_call") continue;
    const auto id = part.tool_call_id();
    if (!id) continue;
    const std::uint32_t index = part.call_index().value_or(next);
    next = std::max(next, index + 1);
    message.asked.emplace_back(*id, index);
    state.asked_in.insert_or_assign(std::string(*id), event.message_id);
    state.text_bytes += 2 * id->size() + event.message_id.size();
  }
  message.next_index = std::max(message.next_index, next);
  state.text_bytes += event.call_id.size() + event.message_id.size();
}

void note(SessionState& state, const ResponseFailed& event) {
  auto& call = state.calls[event.call_id];
  call.failed = std::max(call.failed, event.attempt);
  state.text_bytes += event.call_id.size();
}

void note(SessionState& state, const ToolCalled& event) {
  state.by_call_id[event.tool_call_id].push_back(state.tool_calls.size());
  state.calls_of[event.message_id].push_back(state.tool_calls.size());
  state.tool_calls.push_back(
      {event.tool_call_id, event.message_id, event.index, event.tool, false});
  if (const auto found = state.messages.find(event.message_id); found != state.messages.end()) {
    found->second.next_index = std::max(found->second.next_index, event.index + 1);
  }
  touch(state, event.message_id);
  state.text_bytes += 2 * event.tool_call_id.size() + event.message_id.size() + event.tool.size();
}

template <class T>
void note_result(SessionState& state, const T& event) {
  if (!event.message_id || !event.index) return;
  touch(state, *event.message_id);
  const auto found = state.by_call_id.find(event.tool_call_id);
  if (found == state.by_call_id.end()) return;
  for (const std::size_t i : found->second) {
    ToolCallState& call = state.tool_calls[i];
    if (call.message_id == *event.message_id && call.index == *event.index) call.closed = true;
  }
}

void note(SessionState& state, const ToolCompleted& event) { note_result(state, event); }
void note(SessionState& state, const ToolFailed& event) { note_result(state, event); }
void note(SessionState&, const ContextOptimized&) {}
void note(SessionState& state, const SessionForked& event) {
  state.forks.try_emplace(event.child, event.at_version);
  state.text_bytes += event.child.size();
}
void note(SessionState&, const ScoreRecorded&) {}
void note(SessionState&, const RecordAttached&) {}
void note(SessionState& state, const SessionEnded&) {
  if (!state.ended()) ++state.ends;
}
void note(SessionState& state, const SessionReopened&) {
  if (state.ended()) ++state.reopens;
}
void note(SessionState&, const Unrecognised&) {}

}  // namespace

const ToolCallState* SessionState::find_call(std::string_view message_id,
                                             std::uint32_t index) const {
  const auto found = calls_of.find(message_id);
  if (found == calls_of.end()) return nullptr;
  for (const std::size_t i : found->second) {
    if (tool_calls[i].index == index) return &tool_calls[i];
  }
  return nullptr;
}

const ToolCallState* SessionState::call_for_result(std::string_view tool_call_id) const {
  const auto found = by_call_id.find(tool_call_id);
  if (found == by_call_id.end()) return nullptr;
  const auto& all = found->second;
  for (auto i = all.rbegin(); i != all.rend(); ++i) {
    if (!tool_calls[*i].closed) return &tool_calls[*i];
  }
  return &tool_calls[all.back()];
}

void forget_said(SessionState& state) {
  if (!state.created) return;
  state.created->user.reset();
  state.created->tags.clear();
  state.created->session_id.reset();
}

SessionState after(SessionState state, const core::EventId& id, const SessionEvent& event) {
  ++state.next_version;
  state.ids.insert(id);
  std::visit([&](const auto& each) { note(state, each); }, event);
  return state;
}

std::size_t approximate_bytes(const SessionState& state) {
  const std::size_t nodes = state.ids.size() + state.messages.size() + state.calls.size() +
                            state.by_call_id.size() + state.calls_of.size() +
                            state.asked_in.size() + state.forks.size();
  return sizeof state + nodes * kNodeBytes + state.text_bytes +
         state.tool_calls.size() * sizeof(ToolCallState);
}

}  // namespace hansard::events
