#pragma once

#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.h"
#include "events/json.h"
#include "events/session/commands.h"
#include "events/session/facts.h"

/// What is asked of a model <-> the vocabulary, for every HTTP API that we know. Pure.
///
/// Every call resends what was said before, so its body is cut into what changes at different
/// times: what was said (`messages`), what is set beside it (`system`, `tools`) and the rest.
namespace hansard::events {

/// The body of a call, in pieces. `RequestDialect::join` puts them together again.
struct CallRequest {
  CallKind kind = CallKind::chat;
  std::optional<std::string> model;
  bool stream = false;
  Json::Array messages;              ///< as given: messages, input items, a prompt
  std::optional<Json> system;        ///< text or blocks that stand beside the messages
  std::optional<Json> tools;         ///< schemas offered, as given
  Json parameters = Json::Object{};  ///< every other member, and what `join` needs to know

  // What the body says about whom it belongs to. Absent: nothing.
  std::optional<std::string> user;             ///< of the application
  std::optional<std::string> conversation;     ///< names the conversation
  std::optional<std::string> previous_answer;  ///< provider's id of the answer it goes on from
  StringMap tags;                              ///< metadata whose values are texts
};

/// Names for what a request does not name. Unique within the session.
struct RequestIds {
  std::function<std::string(std::size_t message)> message_id;
  /// Of the call that an assistant message in the list answers.
  std::function<std::string(std::size_t message)> call_id;
};

/// The steps of one message of the list.
struct RequestTurn {
  std::size_t message = 0;  ///< index in `messages`
  std::vector<SessionStep> steps;
};

/// How the requests of one API look. Immutable; safe from any thread.
class RequestDialect {
 public:
  virtual ~RequestDialect() = default;

  /// Short name, `openai.chat` or the like; `extra` and `parameters` of events carry it.
  [[nodiscard]] virtual std::string_view name() const = 0;
  /// Errors: invalid_argument naming the field that the API could not take either. Lenient: what is
  /// unknown goes to `parameters`.
  [[nodiscard]] virtual core::Result<CallRequest> split(Json body) const = 0;
  /// The body, equal as a JSON tree to what was split.
  [[nodiscard]] virtual Json join(CallRequest request) const = 0;

  /// What the messages say: of system, developer and user SendMessage, of the assistant
  /// RecordResponse and CallTool, of tools CompleteTool or FailTool, bound to the latest open call
  /// with their id by (message_id, index). One turn per message, in order; a message may have no
  /// step. Errors: invalid_argument naming the field.
  [[nodiscard]] virtual core::Result<std::vector<RequestTurn>> read(
      const Json::Array& messages, const RequestIds& ids) const = 0;
  /// The messages that say these events (MessageSent, ResponseReceived, ToolCalled, ToolCompleted,
  /// ToolFailed; others are passed over), in the form of this API whatever they came from. What
  /// `read` made of messages, written again, are those messages, equal as JSON trees.
  [[nodiscard]] virtual Json::Array write(std::span<const SessionEvent> window) const = 0;
};

}  // namespace hansard::events
