#include <algorithm>
#include <utility>

#include "check.h"
#include "decision.h"
#include "events/session/ids.h"

namespace hansard::events {

using core::Errc;
using core::Error;
using core::Ok;
using core::Status;

namespace {

bool is_replaced(std::string_view text) {
  return is_pseudonym(text) || text.find("[removed:") != std::string_view::npos;
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
  EncodedEvent encoded = each.assigned ? assignment_codec().encode(AssignmentEvent(*each.assigned))
                                       : at_.codec.encode(each.event);
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
  // What the filter put in an id's place stands for the id that named the stream.
  if (event.session_id && !is_pseudonym(*event.session_id)) {
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
  // Of what the filter replaced the hash is of what stood there before; any other is a claim.
  if (!event.user || !is_replaced(*event.user)) event.user_hash.reset();
  if (event.user && !event.user_hash) {
    event.user_hash = user_hash(at_.project, *event.user, at_.keyed_hash);
  }
  const StringMap before = std::exchange(event.tag_hashes, {});
  for (const auto& [key, value] : event.tags) {
    const auto known = std::find_if(before.begin(), before.end(),
                                    [name = &key](const auto& tag) { return tag.first == *name; });
    const bool keeps = known != before.end() && (is_replaced(value) || is_pseudonym(key));
    event.tag_hashes.emplace_back(
        key, keeps ? known->second : tag_hash(at_.project, key, value, at_.keyed_hash));
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

Status Decision::expose(Exposure exposure, std::string_view call_id, bool known) {
  auto stream = core::StreamId::make("assignment", exposure.name);
  if (!stream) return bad_field("variant.unit", stream.error().message);
  VariantAssigned assigned = std::move(exposure.assigned);
  assigned.session = at_.stream.text();
  assigned.call_id = std::string(call_id);
  // Another call's exposure of the same unit is another event, so that the log compares them by the
  // check that comes with this one.
  const auto id = derive_event_id(at_.project, *stream, VariantAssigned::kType,
                                  {at_.stream.text(), call_id}, at_.keyed_hash);
  made.push_back({id, *std::move(stream), Unrecognised{}, known, std::move(assigned)});
  return Ok{};
}

Status Decision::on(const SessionState& state, RequestResponse command) {
  const std::optional<Json> tools = std::move(command.tools);
  const std::optional<Json> tools_filtered = std::move(command.tools_filtered);
  std::optional<Exposure> exposure = std::move(command.exposure);
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
      offered.filtered = tools_filtered;
      make(state, id_of(SessionConfigured::kType, {"tools", event.call_id, attempt}),
           std::move(offered));
    }
  }
  if (exposure) {
    if (auto status = expose(*std::move(exposure), event.call_id, known); !status) return status;
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
  // Without an attempt, or with the first, the id is the same: most callers do not count.
  const std::string choice = std::to_string(command.choice);
  const auto id = command.attempt.value_or(1) == 1
                      ? id_of(ResponseReceived::kType, {command.call_id, choice})
                      : id_of(ResponseReceived::kType, {command.call_id, choice, "attempt",
                                                        std::to_string(*command.attempt)});
  const bool known = state.ids.contains(id);
  if (auto status = open(state, known); !status) return status;
  if (!known && !at_.recording) {
    if (auto status = answerable(state, command); !status) return status;
  }
  const bool may_have_grown = command.may_have_grown;
  ResponseReceived event = std::move(command);
  event.text_bytes = text_bytes(event.parts);
  event.parts_count = event.parts.size();
  if (known && may_have_grown) {
    const auto message = state.messages.find(event.message_id);
    if (message != state.messages.end() && message->second.parts &&
        (message->second.parts != event.parts_count ||
         message->second.usage != event.usage.has_value())) {
      attach_again(state, event);
      return Ok{};
    }
  }
  make(state, id, std::move(event));
  return Ok{};
}

void Decision::attach_again(const SessionState& state, const ResponseReceived& event) {
  RecordAttached again;
  again.attachment_id = "answer:" + event.call_id + ":" + std::to_string(event.choice) + ":" +
                        std::to_string(event.parts.size()) + (event.usage ? ":usage" : "");
  again.kind = "answer.again";
  const EncodedEvent encoded = at_.codec.encode(event);
  // What was just written is read again: only so are numbers and order the event's own.
  again.record.add("facts", parse_json(encoded.facts).value());
  again.record.add("content", parse_json(encoded.content).value());
  again.bytes = dump(again.record).size();
  const auto id = id_of(RecordAttached::kType, {again.attachment_id});
  make(state, id, std::move(again));
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

core::Result<std::uint64_t> Decision::fork_version(const SessionState& state,
                                                   const ForkSession& command,
                                                   std::string_view child) const {
  if (command.at_version && command.at_message) {
    return bad_field("at_message", "goes without at_version: either says where the fork leaves");
  }
  if (command.at_version) return *command.at_version;
  if (!command.at_message) return bad_field("at_version", "the field is required, or at_message");
  // Results may have come since the fork left: a repeat is the same fork.
  if (const auto known = state.forks.find(child); known != state.forks.end()) return known->second;
  const auto message = state.messages.find(*command.at_message);
  if (message != state.messages.end()) return message->second.last_version;
  return rejected("there is no message " + quoted(*command.at_message), "at_message");
}

Status Decision::on(const SessionState& state, ForkSession command) {
  const auto child = session_stream(at_.project, command.child, at_.keyed_hash);
  if (!child) return bad_field("child", child.error().message);
  if (*child == at_.stream) return bad_field("child", "a session cannot be its own fork");
  const auto id = id_of(SessionForked::kType, {child->name()});
  const bool known = state.ids.contains(id);
  if (!at_.recording && !state.exists()) return open(state, known);
  const auto at_version = fork_version(state, command, child->name());
  if (!at_version) return at_version.error();
  if (!known && !at_.recording && *at_version >= state.next_version) {
    return rejected("the session has versions 0 to " + std::to_string(state.next_version - 1) +
                        ", not " + std::to_string(*at_version),
                    "at_version");
  }
  SessionForked fork;
  fork.child = std::string(child->name());
  fork.at_version = *at_version;
  fork.reason = command.reason;
  fork.comment = std::move(command.comment);
  fork.filtered = std::move(command.filtered);

  SessionCreated begun;
  if (state.created) {
    begun.user = state.created->user;
    begun.user_hash = state.created->user_hash;
    begun.agent = state.created->agent;
    begun.app = state.created->app;
    begun.tags = state.created->tags;
    begun.tag_hashes = state.created->tag_hashes;
  }
  if (command.user) {
    begun.user = std::move(command.user);
    begun.user_hash = std::move(command.user_hash);
  }
  if (command.agent) begun.agent = std::move(command.agent);
  if (command.app) begun.app = std::move(command.app);
  if (!command.tags.empty()) {
    begun.tags = std::move(command.tags);
    begun.tag_hashes = std::move(command.tag_hashes);
  }
  begun.title = std::move(command.title);
  begun.metadata = std::move(command.metadata);
  begun.session_id = command.child_said ? std::move(command.child_said) : command.child;
  begun.filtered = std::move(command.child_filtered);
  begun.parent = Parent{std::string(at_.stream.name()), *at_version, command.reason};
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
  const std::uint32_t said = at_.recording ? command.number.value_or(0) : 0;
  SessionEnded event = std::move(command);
  if (auto status = check(event); !status) return status;
  const std::uint32_t number = said != 0 ? said : state.ended() ? state.ends : state.ends + 1;
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
  const std::uint32_t said = at_.recording ? command.number.value_or(0) : 0;
  SessionReopened event = std::move(command);
  if (auto status = check(event); !status) return status;
  if (!at_.recording && !state.exists()) return open(state, false);
  const std::uint32_t number = said != 0 ? said : state.ended() ? state.reopens + 1 : state.reopens;
  const auto id = id_of(SessionReopened::kType, {std::to_string(number)});
  if (!state.ended() && !state.ids.contains(id)) {
    return at_.recording ? Status(Ok{}) : Status(rejected("the session has not ended"));
  }
  make(state, id, std::move(event));
  return Ok{};
}

}  // namespace hansard::events
