#include "check.h"
#include "decision.h"

// What is said about tools: calls, their results and failures.
namespace hansard::events {

using core::Ok;
using core::Status;

/// Fills in message_id and index where the command leaves them out.
Status Decision::place(const SessionState& state, CallTool& command) const {
  const auto named = state.by_call_id.find(command.tool_call_id);
  const auto* latest = named == state.by_call_id.end() || named->second.empty()
                           ? nullptr
                           : &state.tool_calls[named->second.back()];
  if (!command.message_id) {
    if (const auto asked = state.asked_in.find(command.tool_call_id);
        asked != state.asked_in.end()) {
      command.message_id = asked->second;
    } else if (latest != nullptr) {
      command.message_id = latest->message_id;
    } else {
      return bad_field("message_id", "the field is required: no answer asks for tool call " +
                                         quoted(command.tool_call_id));
    }
  }
  if (command.index) return Ok{};
  const auto message = state.messages.find(*command.message_id);
  if (message != state.messages.end()) {
    for (const auto& [asked_id, index] : message->second.asked) {
      if (asked_id != command.tool_call_id) continue;
      command.index = index;
      return Ok{};
    }
  }
  if (named != state.by_call_id.end()) {
    for (const std::size_t i : named->second) {
      if (state.tool_calls[i].message_id != *command.message_id) continue;
      command.index = state.tool_calls[i].index;
      return Ok{};
    }
  }
  if (message == state.messages.end()) {
    if (!at_.recording && !state.inherits()) return Ok{};  // refused as unknown below
    return bad_field("index", "the field is required: this stream does not hold message " +
                                  quoted(*command.message_id));
  }
  command.index = message->second.next_index;
  return Ok{};
}

/// Whether a new call contradicts what is known of its message.
Status Decision::callable(const SessionState& state, const CallTool& command) const {
  const auto message = state.messages.find(*command.message_id);
  if (message == state.messages.end()) {
    if (state.inherits()) return Ok{};
    return rejected("there is no message " + quoted(*command.message_id), "message_id");
  }
  if (!message->second.answer) {
    return rejected("message " + quoted(*command.message_id) + " is no answer of a model",
                    "message_id");
  }
  const std::string place =
      "call " + std::to_string(*command.index) + " of message " + quoted(*command.message_id) + " ";
  if (const auto* call = state.find_call(*command.message_id, *command.index)) {
    return rejected(place + "is " + quoted(call->tool_call_id), "index");
  }
  for (const auto& [asked_id, index] : message->second.asked) {
    if (index == *command.index && asked_id != command.tool_call_id) {
      return rejected(place + "asks for " + quoted(asked_id), "tool_call_id");
    }
  }
  return Ok{};
}

Status Decision::on(const SessionState& state, CallTool command) {
  if (!at_.recording && !state.exists()) return open(state, false);
  if (auto status = place(state, command); !status) return status;
  if (!command.index) return callable(state, command);
  ToolCalled event;
  event.tool_call_id = command.tool_call_id;
  event.message_id = *command.message_id;
  event.index = *command.index;
  event.tool = command.tool;
  event.filtered = std::move(command.filtered);
  if (auto status = check(event); !status) return status;
  const auto id = id_of(ToolCalled::kType, {event.message_id, std::to_string(event.index)});
  const bool known = state.ids.contains(id);
  if (auto status = open(state, known); !status) return status;
  if (!known && !at_.recording) {
    if (auto status = callable(state, command); !status) return status;
  }
  const auto* text = command.arguments.if_string();
  event.arguments_bytes = text == nullptr ? dump(command.arguments).size() : text->size();
  event.arguments = std::move(command.arguments);
  event.metadata = std::move(command.metadata);
  make(state, id, std::move(event));
  return Ok{};
}

/// ToolCompleted or ToolFailed. Both share one natural id, so a call has one result.
template <class Event>
Status Decision::on_result(const SessionState& state, Event event) {
  if (auto status = check(event); !status) return status;
  if (!at_.recording && !state.exists()) return open(state, false);
  const bool said_orphan = at_.recording && event.result_id && !event.message_id;
  const ToolCallState* call = said_orphan        ? nullptr
                              : event.message_id ? state.find_call(*event.message_id, *event.index)
                                                 : state.call_for_result(event.tool_call_id);
  if (call != nullptr && call->tool_call_id != event.tool_call_id && !at_.recording) {
    return rejected("call " + std::to_string(*event.index) + " of message " +
                        quoted(*event.message_id) + " is " + quoted(call->tool_call_id),
                    "tool_call_id");
  }
  const bool may_attach = at_.recording || (state.inherits() && event.message_id);
  if (call == nullptr && !may_attach) {
    if (state.ended()) return open(state, false);
    return rejected(state.inherits()
                        ? "this fork knows no tool call " + quoted(event.tool_call_id) +
                              "; for a call of its parent give message_id and index"
                        : "there is no tool call " + quoted(event.tool_call_id),
                    "tool_call_id");
  }
  event.orphan = call == nullptr;
  if (call != nullptr) {
    event.message_id = call->message_id;
    event.index = call->index;
    if (!event.tool && !call->tool.empty()) event.tool = call->tool;
  }
  const auto id =
      event.message_id
          ? id_of("ToolResult", {*event.message_id, std::to_string(*event.index)})
          : id_of("ToolResult", {"orphan", event.tool_call_id, event.result_id.value_or("")});
  const bool known = state.ids.contains(id);
  if (auto status = open(state, known); !status) return status;
  if (!known && !at_.recording && call != nullptr && call->closed) {
    return rejected("tool call " + quoted(event.tool_call_id) + " has its result already",
                    "tool_call_id");
  }
  make(state, id, std::move(event));
  return Ok{};
}

Status Decision::on(const SessionState& state, CompleteTool command) {
  ToolCompleted event = std::move(command);
  const auto* text = event.output.if_string();
  event.output_bytes = text == nullptr ? dump(event.output).size() : text->size();
  return on_result(state, std::move(event));
}

Status Decision::on(const SessionState& state, FailTool command) {
  return on_result(state, ToolFailed(std::move(command)));
}

}  // namespace hansard::events
