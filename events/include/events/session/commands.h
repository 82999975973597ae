#pragma once

#include <optional>
#include <span>
#include <string>
#include <variant>
#include <vector>

#include "core/event.h"
#include "events/assignment/facts.h"
#include "events/session/codec.h"
#include "events/session/facts.h"

/// What can be asked of a session. A command carries the client's fields of the event it leads to
/// (derived facts are filled in by the decider), so the bodies of the typed routes are these
/// structs with the events' field names.
///
/// A natural id makes a retry the same event:
///   SendMessage       message_id
///   RequestResponse   call_id, attempt
///   RecordResponse    call_id, choice, and an attempt after the first
///   FailResponse      call_id, attempt
///   CallTool          message_id, index
///   CompleteTool, FailTool   message_id, index of the call they close (one result per call);
///                     an orphan: tool_call_id, result_id
///   ForkSession       child
///   RecordScore       score_id
///   AttachRecord      attachment_id
///   CreateSession     one per stream
///   EndSession        the number of the end: asked again while ended, it is the same end
///   ReopenSession     likewise
///   ConfigureSession, OptimizeContext   `idempotency_key`, from the edge (a random one when the
///                     client sent none)
namespace hansard::events {

struct CreateSession : SessionCreated {};

struct ConfigureSession : SessionConfigured {
  std::string idempotency_key;
};

struct SendMessage : MessageSent {};

struct RequestResponse : ResponseRequested {
  /// Schemas offered. Where they differ from the session's current ones, a `SessionConfigured`
  /// with them precedes the request, so that they are stored once and not per call.
  std::optional<Json> tools;
  std::optional<Json> tools_filtered;  ///< what the filter took out of them
  /// The unit meets its variant by this call: leads to a `VariantAssigned` before the request, on
  /// the unit's stream. Who asks adds the check that this stream has no events yet. Not in bodies.
  std::optional<Exposure> exposure;
};

struct RecordResponse : ResponseReceived {
  /// Said by who reads a source that grows, where the end of the source may not be the end of the
  /// answer. When the answer is known with another number of parts, or with usage where this one
  /// has none or the reverse, this one is kept beside it as `RecordAttached` of kind `answer.again`
  /// instead of being refused.
  bool may_have_grown = false;
};

struct FailResponse : ResponseFailed {};

struct CallTool {
  std::string tool_call_id;
  std::optional<std::string>
      message_id;  ///< default: the latest answer with a part of this tool_call_id
  std::optional<std::uint32_t>
      index;  ///< default: that part's; else the call's own, if known; else the next
  std::string tool;
  Json arguments;
  std::optional<Json> metadata;
  std::optional<Json> filtered;  ///< by the filter; not in bodies
  template <class V>
  static void fields(V& v) {
    v.fact("tool_call_id", &CallTool::tool_call_id);
    v.fact("message_id", &CallTool::message_id);
    v.fact("index", &CallTool::index);
    v.fact("tool", &CallTool::tool);
    v.content("arguments", &CallTool::arguments);
    v.content("metadata", &CallTool::metadata);
  }
};

/// Closes the call named by message_id and index; without them the latest open call with this
/// tool_call_id, or, when all are closed, the latest one (a retry).
struct CompleteTool : ToolCompleted {};
struct FailTool : ToolFailed {};

struct OptimizeContext : ContextOptimized {
  std::string idempotency_key;
};

/// Leaves a `SessionForked` here and a `SessionCreated` in the child, in one append. The child
/// takes over user, agent, app and tags where none are given.
struct ForkSession {
  std::string child;  ///< the client's id of the new session
  /// Version of the last event the child inherits. Either this or `at_message`.
  std::optional<std::uint64_t> at_version;
  /// A message of this session; the child inherits up to the last event about it: itself, or the
  /// latest of its tool calls and their results. A repeat means the version of the first time,
  /// whatever has come since.
  std::optional<std::string> at_message;
  ForkReason reason = ForkReason::edit;
  std::optional<std::string> comment;
  std::optional<std::string> agent;
  std::optional<std::string> app;
  std::optional<std::string> user;
  StringMap tags;
  std::optional<std::string> title;
  std::optional<Json> metadata;

  // What the filter says of it; not in bodies.
  std::optional<Json> filtered;           ///< from the comment
  std::optional<Json> child_filtered;     ///< from what the child is created with
  std::optional<std::string> child_said;  ///< the child's id, where `child` is not it any more
  std::optional<std::string> user_hash;   ///< of the user before
  StringMap tag_hashes;                   ///< of the values before
  template <class V>
  static void fields(V& v) {
    v.fact("child", &ForkSession::child);
    v.fact("at_version", &ForkSession::at_version);
    v.fact("at_message", &ForkSession::at_message);
    v.fact("reason", &ForkSession::reason);
    v.content("comment", &ForkSession::comment);
    v.fact("agent", &ForkSession::agent);
    v.fact("app", &ForkSession::app);
    v.content("user", &ForkSession::user);
    v.content("tags", &ForkSession::tags);
    v.content("title", &ForkSession::title);
    v.content("metadata", &ForkSession::metadata);
  }
};

struct RecordScore : ScoreRecorded {};
struct AttachRecord : RecordAttached {};
/// `number`: which end of the session this is, from 1; said by who records a whole past again, to
/// whom the session may be known further than the step. Otherwise it is the next, or, while the
/// session is ended, the last.
struct EndSession : SessionEnded {
  std::optional<std::uint32_t> number;
};
/// `number` likewise.
struct ReopenSession : SessionReopened {
  std::optional<std::uint32_t> number;
};

/// A command about a session that exists.
using SessionStep = std::variant<ConfigureSession, SendMessage, RequestResponse, RecordResponse,
                                 FailResponse, CallTool, CompleteTool, FailTool, OptimizeContext,
                                 ForkSession, RecordScore, AttachRecord, EndSession, ReopenSession>;

/// One step of a recording, with its own time.
struct RecordedStep {
  SessionStep step;
  std::optional<core::Timestamp> occurred_at;  ///< absent: unknown; the meta's is not used
  bool occurred_at_from_client = false;
};

/// The recording path (importers, gateway): several steps as one append. Creates the session, and
/// reopens an ended one when there is something new; attaches what it cannot place (orphans);
/// refuses only what is malformed. A tool result with a `result_id` and no message_id is an orphan
/// by the recorder's word: it is not bound to a call. Steps already known are emitted again, so use
/// `Known::skip`. Limit: the events of all steps, plus two, fit one append
/// (`core::kMaxAppendRecords`).
struct Record {
  CreateSession create;                       ///< used when the session does not exist yet
  std::optional<core::Timestamp> created_at;  ///< `occurred_at` of the creation
  bool created_at_from_client = false;
  std::vector<RecordedStep> steps;
};

/// What the edge knows about a command: times, links and randomness, none of which a decider draws.
struct CommandMeta {
  std::optional<core::Timestamp> occurred_at;
  bool occurred_at_from_client = false;  ///< set by the client, so compared on a retry
  core::EventId correlation = {};
  core::EventId causation = {};
  /// 32 random bytes, fresh for every command; each event's salt is an HMAC of its id under them.
  core::Hash salt_seed = {};
};

struct SessionCommand {
  CommandMeta meta;
  std::variant<CreateSession, SessionStep, Record> body;
};

/// Reads the body of a typed route into its command: the command's fields, and in any body
/// `occurred_at` (RFC 3339), `correlation` and `causation` (UUIDs), which go to `meta`.
/// Instantiated for every command but `Record`.
/// Errors: invalid_argument naming the field: not an object, unknown, repeated, missing, of the
/// wrong type, over-long, derived.
template <class C>
core::Result<C> parse_body(Json body, CommandMeta& meta);

/// Every command with the fields its body takes (`type` is the command's name), for documentation.
std::span<const EventShape> command_shapes();

}  // namespace hansard::events
