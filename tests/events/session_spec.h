#pragma once

#include <gtest/gtest.h>

#include <initializer_list>
#include <string>
#include <utility>
#include <vector>

#include "core/event_bytes.h"
#include "events/session/decider.h"
#include "events/session/ids.h"
#include "support/events.h"

/// Given / When / Then for sessions: `given` what was asked before, `when` a command, `then` its
/// events.
namespace hansard::events::spec {

// ---- commands, short ----

struct Command {
  std::variant<CreateSession, SessionStep, Record> body;
  Command(CreateSession create) : body(std::move(create)) {}  // NOLINT
  Command(Record record) : body(std::move(record)) {}         // NOLINT
  template <class C>
  Command(C step) : body(SessionStep(std::move(step))) {}  // NOLINT
};

inline CreateSession create(std::string user = "") {
  CreateSession command;
  if (!user.empty()) command.user = std::move(user);
  return command;
}
inline SendMessage say(std::string id, std::string text) {
  SendMessage command;
  command.message_id = std::move(id);
  command.parts = {Part::make_text(std::move(text))};
  return command;
}
inline RequestResponse ask(std::string call_id, std::uint32_t attempt = 1) {
  RequestResponse command;
  command.call_id = std::move(call_id);
  command.attempt = attempt;
  return command;
}
inline RecordResponse answer(std::string call_id, std::string message_id, std::string text = "ok",
                             std::uint32_t choice = 0) {
  RecordResponse command;
  command.call_id = std::move(call_id);
  command.message_id = std::move(message_id);
  command.choice = choice;
  command.parts = {Part::make_text(std::move(text))};
  return command;
}
/// An answer that asks for tools by these tool_call_ids.
inline RecordResponse asking(std::string call_id, std::string message_id,
                             std::initializer_list<const char*> tool_call_ids) {
  RecordResponse command;
  command.call_id = std::move(call_id);
  command.message_id = std::move(message_id);
  std::uint32_t index = 0;
  for (const char* id : tool_call_ids) command.parts.push_back(Part::make_tool_call(id, index++));
  return command;
}
inline FailResponse fail(std::string call_id, std::uint32_t attempt = 1) {
  FailResponse command;
  command.call_id = std::move(call_id);
  command.attempt = attempt;
  return command;
}
inline CallTool tool(std::string tool_call_id, std::optional<std::string> message_id = {},
                     std::optional<std::uint32_t> index = {}) {
  CallTool command;
  command.tool_call_id = std::move(tool_call_id);
  command.message_id = std::move(message_id);
  command.index = index;
  command.tool = "lookup";
  command.arguments = R"({"q":1})";
  return command;
}
inline CompleteTool result(std::string tool_call_id, std::string output = "found",
                           std::optional<std::string> message_id = {},
                           std::optional<std::uint32_t> index = {}) {
  CompleteTool command;
  command.tool_call_id = std::move(tool_call_id);
  command.output = std::move(output);
  command.message_id = std::move(message_id);
  command.index = index;
  return command;
}
inline EndSession end(std::string reason = "done") {
  EndSession command;
  command.reason = std::move(reason);
  return command;
}
inline ReopenSession reopen() { return {}; }
inline RecordScore score(std::string id, TargetKind kind = TargetKind::session,
                         std::optional<std::string> target = {}) {
  RecordScore command;
  command.score_id = std::move(id);
  command.target_kind = kind;
  command.target_id = std::move(target);
  command.name = "helpful";
  command.value = true;
  return command;
}
inline ForkSession fork(std::string child, std::uint64_t at_version) {
  ForkSession command;
  command.child = std::move(child);
  command.at_version = at_version;
  return command;
}
inline Record recording(std::vector<SessionStep> steps) {
  Record record;
  for (auto& step : steps) record.steps.push_back({std::move(step), {}, false});
  return record;
}

// ---- the specification ----

inline const core::KeyedHash& keyed_hash() {
  static const core::KeyedHash instance(support::hasher(), support::salt("store key"));
  return instance;
}
inline const SessionDecider& decider() {
  static const SessionDecider instance(keyed_hash(), support::hasher());
  return instance;
}

/// Stored bytes of `event` at a version, as a log would make them.
inline core::OwnedEvent stored(const core::NewEvent& event, std::uint64_t version,
                               const core::ProjectId& project = {}) {
  std::string bytes;
  core::encode_event(event, project, {}, {{version}, {version}, support::at_us(1)}, bytes);
  return core::OwnedEvent::decode(std::move(bytes)).value();
}

inline SessionEvent decoded(const core::NewEvent& event) {
  return SessionCodec().decode_strict(event.type, event.schema, event.facts, event.content).value();
}

class Spec {
 public:
  explicit Spec(std::string stream = "session-s1") : stream_(support::stream(stream)) {}

  /// What was asked before; each must have been accepted.
  Spec& given(std::vector<Command> commands) {
    for (auto& command : commands) {
      auto records = decide(std::move(command));
      if (!records) {
        ADD_FAILURE() << "given: " << records.error().message;
        return *this;
      }
      for (const auto& record : *records) apply(record);
    }
    return *this;
  }
  /// An event that somebody appended under an id of their own.
  Spec& given_appended(const SessionEvent& event) {
    core::NewEvent record;
    auto encoded = SessionCodec().encode(event);
    record.stream = stream_;
    record.type = std::string(encoded.type);
    record.id = support::event_id("appended " + std::to_string(history_.size()));
    record.facts = encoded.facts;
    record.content = encoded.content;
    apply(record);
    return *this;
  }
  Spec& when(Command command) {
    result_ = decide(std::move(command));
    return *this;
  }
  /// The types of the events made, in order.
  Spec& then(std::vector<std::string> types) {
    if (!accepted()) return *this;
    std::vector<std::string> made;
    for (const auto& record : *result_) made.push_back(record.type);
    EXPECT_EQ(made, types);
    return *this;
  }
  /// The events given at these versions again, equal in id and payloads, and nothing else.
  Spec& then_again(std::vector<std::size_t> versions) {
    if (!accepted()) return *this;
    EXPECT_EQ(result_->size(), versions.size());
    for (std::size_t i = 0; i < std::min(versions.size(), result_->size()); ++i) {
      const auto& before = history_.at(versions[i]);
      const auto& now = (*result_)[i];
      EXPECT_EQ(now.id, before.id) << now.type << " is another event";
      EXPECT_EQ(now.type, before.type);
      EXPECT_EQ(now.facts, before.facts);
      EXPECT_EQ(now.content, before.content);
    }
    return *this;
  }
  Spec& then_error(core::Errc code, std::string_view field = "") {
    if (result_) {
      ADD_FAILURE() << "expected " << core::traits(code).name << ", got " << result_->size()
                    << " events";
    } else {
      EXPECT_EQ(core::traits(result_.error().code).name, core::traits(code).name)
          << result_.error().message;
      EXPECT_EQ(result_.error().field, field) << result_.error().message;
    }
    return *this;
  }
  /// The n-th event made, decoded.
  template <class E>
  E made(std::size_t n = 0) {
    if (!accepted() || result_->size() <= n) return {};
    const auto event = decoded((*result_)[n]);
    if (const auto* wanted = std::get_if<E>(&event)) return *wanted;
    ADD_FAILURE() << "event " << n << " is a " << (*result_)[n].type;
    return {};
  }
  [[nodiscard]] const std::vector<core::NewEvent>& records() const { return *result_; }
  [[nodiscard]] const std::vector<core::NewEvent>& history() const { return history_; }
  [[nodiscard]] const SessionState& state() const { return state_; }
  [[nodiscard]] const core::StreamId& stream() const { return stream_; }
  CommandMeta meta;

 private:
  core::Result<std::vector<core::NewEvent>> decide(Command command) {
    return decider().decide(state_, {}, stream_, SessionCommand{meta, std::move(command.body)});
  }
  void apply(const core::NewEvent& record) {
    if (record.stream != stream_) return;
    for (const auto& known : history_) {
      if (known.id == record.id) return;  // the log would answer `duplicate`
    }
    const auto owned = stored(record, history_.size());
    auto next = decider().evolve(std::move(state_), owned.event());
    if (!next) {
      ADD_FAILURE() << next.error().message;
      return;
    }
    state_ = *std::move(next);
    history_.push_back(record);
  }
  bool accepted() {
    if (!result_) ADD_FAILURE() << result_.error().message << " [" << result_.error().field << "]";
    return result_.has_value();
  }

  core::StreamId stream_;
  SessionState state_ = decider().initial();
  std::vector<core::NewEvent> history_;
  core::Result<std::vector<core::NewEvent>> result_ = std::vector<core::NewEvent>{};
};

}  // namespace hansard::events::spec
