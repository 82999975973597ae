#include <algorithm>

#include "check.h"
#include "decision.h"
#include "events/session/ids.h"

namespace hansard::events {
namespace {

using core::Errc;
using core::Error;
using core::Ok;
using core::Status;

Error rejected(std::string why, std::string field = {}) {
  return {.code = Errc::rejected, .message = std::move(why), .field = std::move(field)};
}

std::string quoted(std::string_view id) {
  // Ids may be kilobytes long (signatures); errors stay readable.
  constexpr std::size_t kShown = 80;
  return "\"" + std::string(id.substr(0, kShown)) + (id.size() > kShown ? "...\"" : "\"");
}

}  // namespace

core::EventId Decision::id_of(std::string_view type,
                              std::initializer_list<std::string_view> natural_id) const {
  return derive_event_id(at_.project, at_.stream, type, natural_id, at_.keyed_hash);
}

std::string Decision::hash_of(std::string_view purpose, std::string_view value) const {
  return core::to_hex(core::as_bytes(at_.keyed_hash(purpose, at_.project.text(), value)));
}

Status Decision::open(const SessionState& state, bool known) const {
  if (at_.recording || known) return Ok{};
  if (!state.exists()) {
    return Error{.code = Errc::not_found, .message = "there is no " + at_.stream.text()};
  }
  if (state.ended()) return rejected("the session has ended");
  return Ok{};
}

void Decision::make(const SessionState& state, const core::EventId& id, SessionEvent event) {
  made.push_back({id, at_.stream, std::move(event), state.ids.contains(id)});
}

core::NewEvent Decision::record(const Made& each, const Occurred& when) const {
  EncodedEvent encoded = at_.codec.encode(each.event);
  core::NewEvent event;
  event.stream = each.stream;
  event.type = std::string(encoded.type);
  event.schema = encoded.schema;
  event.id = each.id;
  event.occurred_at = when.at;
  event.occurred_at_from_client = when.at && when.from_client;
  event.correlation = at_.meta.correlation;
  event.causation = at_.meta.causation;
  event.facts = std::move(encoded.facts);
  event.content = std::move(encoded.content);
  const auto& id = each.id.bytes;
  event.salt =
      at_.hasher.hmac_sha256(core::as_bytes(at_.meta.salt_seed),
                             {"salt", {reinterpret_cast<const char*>(id.data()), id.size()}});
  return event;
}

Status Decision::complete(SessionCreated& event, const core::StreamId& stream) const {
  if (auto status = check(event); !status) return status;
  if (event.session_id) {
    const auto named = session_stream(at_.project, *event.session_id, at_.keyed_hash);
    if (!named) return named.error();
    if (*named != stream) {
      return bad_field("session_id", "names " + named->text() + ", not " + stream.text());
    }
    if (*event.session_id == stream.name()) event.session_id.reset();
  }
  if (event.parent) {
    const auto parent = session_stream(at_.project, event.parent->session, at_.keyed_hash);
    if (!parent) return bad_field("parent.session", parent.error().message);
    event.parent->session = std::string(parent->name());
  }
  event.user_hash.reset();
  if (event.user) event.user_hash = user_hash(at_.project, *event.user, at_.keyed_hash);
  event.tag_hashes.clear();
  for (const auto& [key, value] : event.tags) {
    event.tag_hashes.emplace_back(key, tag_hash(at_.project, key, value, at_.keyed_hash));
  }
  return Ok{};
}

Status Decision::on(const SessionState& state, CreateSession command) {
  SessionCreated event = std::move(command);
  if (auto status = complete(event, at_.stream); !status) return status;
  const auto id = id_of(SessionCreated::kType, {});
  if (state.created && !state.ids.contains(id)) return rejected("the session exists already");
  make(state, id, std::move(event));
  return Ok{};
}

Status Decision::on(const SessionState& state, ConfigureSession command) {
  const auto id = id_of(SessionConfigured::kType, {"key", command.idempotency_key});
  SessionConfigured event = std::move(command);
  if (auto status = check(event); !status) return status;
  if (auto status = open(state, state.ids.contains(id)); !status) return status;
  if (event.system) event.system_hash = hash_of("system", *event.system);
  if (event.tools) {
    event.tools_hash = hash_of("tools", dump(*event.tools));
    event.tools_count = event.tools->if_array()->size();
  }
  make(state, id, std::move(event));
  return Ok{};
}

Status Decision::on(const SessionState& state, SendMessage command) {
  MessageSent event = std::move(command);
  if (auto status = check(event); !status) return status;
  const auto id = id_of(MessageSent::kType, {event.message_id});
  const bool known = state.ids.contains(id);
  if (auto status = open(state, known); !status) return status;
  if (!known && !at_.recording && state.messages.contains(event.message_id)) {
    return rejected(quoted(event.message_id) + " names another message", "message_id");
  }
  event.text_bytes = text_bytes(event.parts);
  event.parts_count = event.parts.size();
  make(state, id, std::move(event));
  return Ok{};
}

Status Decision::on(const SessionState& state, RequestResponse command) {
  const std::optional<Json> tools = std::move(command.tools);
  ResponseRequested event = std::move(command);
  if (auto status = check(event); !status) return status;
  if (tools && !tools->is_array()) return bad_field("tools", "expected an array");
  const std::string attempt = std::to_string(event.attempt);
  const auto id = id_of(ResponseRequested::kType, {event.call_id, attempt});
  const bool known = state.ids.contains(id);
  if (auto status = open(state, known); !status) return status;
  if (!known && !at_.recording) {
    const auto call = state.calls.find(event.call_id);
    if (call != state.calls.end() && call->second.answered()) {
      return rejected("call " + quoted(event.call_id) + " is answered", "call_id");
    }
    if (call != state.calls.end() && event.attempt <= call->second.requested) {
      return rejected("attempt " + std::to_string(call->second.requested) + " of call " +
                          quoted(event.call_id) + " was requested already",
                      "attempt");
    }
  }
  event.tools_hash.reset();
  if (tools) {
    event.tools_hash = hash_of("tools", dump(*tools));
    if (!known && state.tools_hash != event.tools_hash) {
      SessionConfigured offered;
      offered.tools_hash = event.tools_hash;
      offered.tools_count = tools->if_array()->size();
      offered.tools = *tools;
      make(state, id_of(SessionConfigured::kType, {"tools", event.call_id, attempt}),
           std::move(offered));
    }
  }
  make(state, id, std::move(event));
  return Ok{};
}

Status Decision::answerable(const SessionState& state, const RecordResponse& command) const {
  if (state.messages.contains(command.message_id)) {
    return rejected(quoted(command.message_id) + " names another message", "message_id");
  }
  const auto found = state.calls.find(command.call_id);
  if (found == state.calls.end()) return Ok{};
  const CallState& call = found->second;
  const auto& choices = call.choices;
  if (std::find(choices.begin(), choices.end(), command.choice) != choices.end()) {
    return rejected("choice " + std::to_string(command.choice) + " of call " +
                        quoted(command.call_id) + " is recorded already",
                    "choice");
  }
  // A call without recorded requests may fail and then succeed: nobody counted its attempts.
  if (!call.answered() && call.requested > 0 && call.failed >= call.requested) {
    return rejected("attempt " + std::to_string(call.failed) + " of call " +
                        quoted(command.call_id) + " failed; an answer needs another attempt",
                    "call_id");
  }
  return Ok{};
}

Status Decision::on(const SessionState& state, RecordResponse command) {
  if (auto status = check(static_cast<const ResponseReceived&>(command)); !status) return status;
  const auto id = id_of(ResponseReceived::kType, {command.call_id, std::to_string(command.choice)});
  const bool known = state.ids.contains(id);
  if (auto status = open(state, known); !status) return status;
  if (!known && !at_.recording) {
    if (auto status = answerable(state, command); !status) return status;
  }
  ResponseReceived event = std::move(command);
  event.text_bytes = text_bytes(event.parts);
  event.parts_count = event.parts.size();
  make(state, id, std::move(event));
  return Ok{};
}

Status Decision::on(const SessionState& state, FailResponse command) {
  ResponseFailed event = std::move(command);
  if (auto status = check(event); !status) return status;
  const auto id = id_of(ResponseFailed::kType, {event.call_id, std::to_string(event.attempt)});
  const bool known = state.ids.contains(id);
  if (auto status = open(state, known); !status) return status;
  const auto call = state.calls.find(event.call_id);
  if (!known && !at_.recording && call != state.calls.end()) {
    if (call->second.answered()) {
      return rejected("call " + quoted(event.call_id) + " is answered", "call_id");
    }
    if (event.attempt <= call->second.failed) {
      return rejected("attempt " + std::to_string(event.attempt) + " of call " +
                          quoted(event.call_id) + " has failed already",
                      "attempt");
    }
    if (call->second.requested > 0 && event.attempt > call->second.requested) {
      return rejected("attempt " + std::to_string(event.attempt) + " of call " +
                          quoted(event.call_id) + " was never requested",
                      "attempt");
    }
  }
  make(state, id, std::move(event));
  return Ok{};
}

Status Decision::on(const SessionState& state, OptimizeContext command) {
  const auto id = id_of(ContextOptimized::kType, {"key", command.idempotency_key});
  ContextOptimized event = std::move(command);
  if (auto status = check(event); !status) return status;
  const bool known = state.ids.contains(id);
  if (auto status = open(state, known); !status) return status;
  if (!known && !at_.recording && !state.inherits()) {
    for (const auto* list : {&event.removed, &event.summarised}) {
      for (const auto& message : *list) {
        if (state.messages.contains(message)) continue;
        return rejected("there is no message " + quoted(message),
                        list == &event.removed ? "removed" : "summarised");
      }
    }
  }
  make(state, id, std::move(event));
  return Ok{};
}

Status Decision::on(const SessionState& state, ForkSession command) {
  const auto child = session_stream(at_.project, command.child, at_.keyed_hash);
  if (!child) return bad_field("child", child.error().message);
  if (*child == at_.stream) return bad_field("child", "a session cannot be its own fork");
  const auto id = id_of(SessionForked::kType, {child->name()});
  const bool known = state.ids.contains(id);
  if (!at_.recording && !state.exists()) return open(state, known);
  if (!known && !at_.recording && command.at_version >= state.next_version) {
    return rejected("the session has versions 0 to " + std::to_string(state.next_version - 1) +
                        ", not " + std::to_string(command.at_version),
                    "at_version");
  }
  SessionForked fork;
  fork.child = std::string(child->name());
  fork.at_version = command.at_version;
  fork.reason = command.reason;
  fork.comment = std::move(command.comment);

  SessionCreated begun;
  if (state.created) {
    begun.user = state.created->user;
    begun.agent = state.created->agent;
    begun.app = state.created->app;
    begun.tags = state.created->tags;
  }
  if (command.user) begun.user = std::move(command.user);
  if (command.agent) begun.agent = std::move(command.agent);
  if (command.app) begun.app = std::move(command.app);
  if (!command.tags.empty()) begun.tags = std::move(command.tags);
  begun.title = std::move(command.title);
  begun.metadata = std::move(command.metadata);
  begun.session_id = command.child;
  begun.parent = Parent{std::string(at_.stream.name()), command.at_version, command.reason};
  if (auto status = complete(begun, *child); !status) return status;

  make(state, id, std::move(fork));
  // The child's stream is not in this state; the log tells whether this creation is known.
  made.push_back({derive_event_id(at_.project, *child, SessionCreated::kType, {}, at_.keyed_hash),
                  *child, std::move(begun), known});
  return Ok{};
}

Status Decision::on(const SessionState& state, RecordScore command) {
  ScoreRecorded event = std::move(command);
  if (auto status = check(event); !status) return status;
  const auto id = id_of(ScoreRecorded::kType, {event.score_id});
  const bool known = state.ids.contains(id);
  if (!at_.recording && !state.exists()) return open(state, known);
  if (!known && !at_.recording && !state.inherits()) {
    const bool missing =
        (event.target_kind == TargetKind::message && !state.messages.contains(*event.target_id)) ||
        (event.target_kind == TargetKind::call && !state.calls.contains(*event.target_id));
    if (missing) {
      return rejected(
          "there is no " + std::string(to_word(event.target_kind)) + " " + quoted(*event.target_id),
          "target_id");
    }
  }
  make(state, id, std::move(event));
  return Ok{};
}

Status Decision::on(const SessionState& state, AttachRecord command) {
  RecordAttached event = std::move(command);
  if (auto status = check(event); !status) return status;
  const auto id = id_of(RecordAttached::kType, {event.attachment_id});
  if (!at_.recording && !state.exists()) return open(state, state.ids.contains(id));
  const auto* text = event.record.if_string();
  event.bytes = text == nullptr ? dump(event.record).size() : text->size();
  make(state, id, std::move(event));
  return Ok{};
}

Status Decision::on(const SessionState& state, EndSession command) {
  SessionEnded event = std::move(command);
  if (auto status = check(event); !status) return status;
  const std::uint32_t number = state.ended() ? state.ends : state.ends + 1;
  const auto id = id_of(SessionEnded::kType, {std::to_string(number)});
  const bool known = state.ids.contains(id);
  if (!at_.recording && !state.exists()) return open(state, known);
  if (state.ended() && !known) {  // ended by an appended event with an id of its own
    return at_.recording ? Status(Ok{}) : Status(rejected("the session has ended"));
  }
  make(state, id, std::move(event));
  return Ok{};
}

Status Decision::on(const SessionState& state, ReopenSession command) {
  SessionReopened event = std::move(command);
  if (auto status = check(event); !status) return status;
  if (!at_.recording && !state.exists()) return open(state, false);
  const std::uint32_t number = state.ended() ? state.reopens + 1 : state.reopens;
  const auto id = id_of(SessionReopened::kType, {std::to_string(number)});
  if (!state.ended() && !state.ids.contains(id)) {
    return at_.recording ? Status(Ok{}) : Status(rejected("the session has not ended"));
  }
  make(state, id, std::move(event));
  return Ok{};
}

// ---- tools ----

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
