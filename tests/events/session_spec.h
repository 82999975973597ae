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

CreateSession create(std::string user = "");
SendMessage say(std::string id, std::string text);
RequestResponse ask(std::string call_id, std::uint32_t attempt = 1);
RecordResponse answer(std::string call_id, std::string message_id, std::string text = "ok",
                      std::uint32_t choice = 0);
/// An answer that asks for tools by these tool_call_ids.
RecordResponse asking(std::string call_id, std::string message_id,
                      std::initializer_list<const char*> tool_call_ids);
FailResponse fail(std::string call_id, std::uint32_t attempt = 1);
CallTool tool(std::string tool_call_id, std::optional<std::string> message_id = {},
              std::optional<std::uint32_t> index = {});
CompleteTool result(std::string tool_call_id, std::string output = "found",
                    std::optional<std::string> message_id = {},
                    std::optional<std::uint32_t> index = {});
EndSession end(std::string reason = "done");
ReopenSession reopen();
RecordScore score(std::string id, TargetKind kind = TargetKind::session,
                  std::optional<std::string> target = {});
ForkSession fork(std::string child, std::uint64_t at_version);
Record recording(std::vector<SessionStep> steps);

// ---- the specification ----

const core::KeyedHash& keyed_hash();
const SessionDecider& decider();

/// Stored bytes of `event` at a version, as a log would make them.
core::OwnedEvent stored(const core::NewEvent& event, std::uint64_t version,
                        const core::ProjectId& project = {});
SessionEvent decoded(const core::NewEvent& event);

class Spec {
 public:
  explicit Spec(std::string stream = "session-s1") : stream_(support::stream(stream)) {}

  /// What was asked before; each must have been accepted.
  Spec& given(std::vector<Command> commands);
  /// An event that somebody appended under an id of their own.
  Spec& given_appended(const SessionEvent& event);
  /// One of another vocabulary, on this stream.
  Spec& given_event(core::NewEvent event);
  Spec& when(Command command);
  /// The types of the events made, in order.
  Spec& then(std::vector<std::string> types);
  /// The events given at these versions again, equal in id and payloads, and nothing else.
  Spec& then_again(std::vector<std::size_t> versions);
  Spec& then_error(core::Errc code, std::string_view field = "");
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
  core::Result<std::vector<core::NewEvent>> decide(Command command);
  void apply(const core::NewEvent& record);
  bool accepted();

  core::StreamId stream_;
  SessionState state_ = decider().initial();
  std::vector<core::NewEvent> history_;
  core::Result<std::vector<core::NewEvent>> result_ = std::vector<core::NewEvent>{};
};

}  // namespace hansard::events::spec
