#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "events/codec.h"
#include "events/session/fact_types.h"
#include "events/session/parts.h"
#include "events/session/usage.h"
#include "events/session/words.h"

/// The events of a session stream (`session-*`; those about calls also on `calls-*`).
///
/// Every struct lists its fields once, in `fields(v)`:
///   v.fact(name, member)     kept for ever: ids, model, usage, sizes, keyed hashes
///   v.content(name, member)  erasable: what people and models said, and their names
///   v.derived(name, member)  a fact that the decider computes; not accepted from clients
/// That one list drives encoding, decoding, the bodies of the typed HTTP routes (same names), the
/// detection of unknown fields and the table in `events/README.md`.
///
/// Required are the members that are plain values; `std::optional`, lists, maps, `bool` and those
/// listed with `kDefaulted` may be absent. Absent means unknown, never zero.
namespace hansard::events {

/// A conversation began.
struct SessionCreated {
  static constexpr std::string_view kType = "SessionCreated";
  std::optional<std::string> user_hash;  ///< `user_hash()` of `user`
  std::optional<std::string> agent;
  std::optional<std::string> app;
  StringMap tag_hashes;  ///< tag key -> `tag_hash()` of its value
  std::optional<Parent> parent;
  std::optional<std::string> source;      ///< who recorded: `api`, `import`, `gateway`, ...
  std::optional<std::string> session_id;  ///< the client's id, where the stream's name is its hash
  std::optional<std::string> user;
  StringMap tags;
  std::optional<std::string> title;
  std::optional<Json> metadata;
  std::optional<Json> filtered;  ///< what the filter took out: rule -> how often
  template <class V>
  static void fields(V& v) {
    using E = SessionCreated;
    v.derived("user_hash", &E::user_hash);
    v.fact("agent", &E::agent);
    v.fact("app", &E::app);
    v.derived("tag_hashes", &E::tag_hashes);
    v.fact("parent", &E::parent);
    v.fact("source", &E::source);
    v.derived("filtered", &E::filtered);
    v.content("session_id", &E::session_id);
    v.content("user", &E::user);
    v.content("tags", &E::tags);
    v.content("title", &E::title);
    v.content("metadata", &E::metadata);
  }
};

/// Settings changed: what is absent stays as it was.
struct SessionConfigured {
  static constexpr std::string_view kType = "SessionConfigured";
  std::optional<std::string> provider;
  std::optional<std::string> model;
  std::optional<std::string> system_hash;  ///< keyed hash of `system`
  std::optional<std::string> tools_hash;   ///< keyed hash of `tools`
  std::optional<std::uint64_t> tools_count;
  std::optional<std::string> system;  ///< system prompt that is no message of the conversation
  std::optional<Json> tools;          ///< schemas offered to the model
  std::optional<Json> settings;       ///< free form
  std::optional<Json> metadata;
  std::optional<Json> filtered;  ///< what the filter took out: rule -> how often
  template <class V>
  static void fields(V& v) {
    using E = SessionConfigured;
    v.fact("provider", &E::provider);
    v.fact("model", &E::model);
    v.derived("system_hash", &E::system_hash);
    v.derived("tools_hash", &E::tools_hash);
    v.derived("tools_count", &E::tools_count);
    v.derived("filtered", &E::filtered);
    v.content("system", &E::system);
    v.content("tools", &E::tools);
    v.content("settings", &E::settings);
    v.content("metadata", &E::metadata);
  }
};

/// A system, developer, user or other agent's message entered. Assistant turns are
/// `ResponseReceived`.
struct MessageSent {
  static constexpr std::string_view kType = "MessageSent";
  std::string message_id;
  Role role = Role::user;
  std::optional<std::uint64_t> text_bytes;
  std::optional<std::uint64_t> parts_count;
  Parts parts;
  std::optional<std::string> name;  ///< of the author
  std::optional<Json> metadata;
  std::optional<Json> extra;     ///< what its dialect needs to rebuild the original
  std::optional<Json> filtered;  ///< what the filter took out: rule -> how often
  template <class V>
  static void fields(V& v) {
    using E = MessageSent;
    v.fact("message_id", &E::message_id);
    v.fact("role", &E::role);
    v.derived("text_bytes", &E::text_bytes);
    v.derived("parts_count", &E::parts_count);
    v.derived("filtered", &E::filtered);
    v.content("parts", &E::parts);
    v.content("name", &E::name);
    v.content("metadata", &E::metadata);
    v.content("extra", &E::extra);
  }
};

/// A model was asked.
struct ResponseRequested {
  static constexpr std::string_view kType = "ResponseRequested";
  std::string call_id;
  std::uint32_t attempt = 1;  ///< from 1
  CallKind kind = CallKind::chat;
  std::optional<std::string> provider;
  std::optional<std::string> model;
  std::optional<std::string> tools_hash;  ///< keyed hash of the schemas offered
  std::optional<Window> window;
  std::vector<Policy> policies;
  std::optional<PromptRef> prompt;
  std::optional<VariantRef> variant;
  std::optional<bool> stream;
  std::optional<std::string> request_hash;  ///< keyed hash: what asks the same has the same
  std::optional<Json> parameters;           ///< the request without messages and tools
  std::optional<Json> variables;            ///< that `prompt` was rendered with
  std::optional<Json> metadata;
  std::optional<Json> extra;     ///< what its dialect needs to rebuild the original
  std::optional<Json> filtered;  ///< what the filter took out: rule -> how often
  template <class V>
  static void fields(V& v) {
    using E = ResponseRequested;
    v.fact("call_id", &E::call_id);
    v.fact("attempt", &E::attempt, kDefaulted);
    v.fact("kind", &E::kind, kDefaulted);
    v.fact("provider", &E::provider);
    v.fact("model", &E::model);
    v.derived("tools_hash", &E::tools_hash);
    v.fact("window", &E::window);
    v.fact("policies", &E::policies);
    v.fact("prompt", &E::prompt);
    v.fact("variant", &E::variant);
    v.fact("stream", &E::stream);
    v.fact("request_hash", &E::request_hash);
    v.derived("filtered", &E::filtered);
    v.content("parameters", &E::parameters);
    v.content("variables", &E::variables);
    v.content("metadata", &E::metadata);
    v.content("extra", &E::extra);
  }
};

/// A model answered: every assistant turn is one of these, one per choice of a call.
struct ResponseReceived {
  static constexpr std::string_view kType = "ResponseReceived";
  std::string call_id;
  std::uint32_t choice = 0;
  std::optional<std::uint32_t> attempt;  ///< that it answers; absent: the only one, or not counted
  std::string message_id;
  std::optional<std::string> provider;
  std::optional<std::string> model;  ///< the one that answered
  std::optional<FinishReason> finish_reason;
  std::optional<std::string> finish_reason_raw;
  std::optional<Usage> usage;  ///< of the whole call: on choice 0 only
  std::optional<Json> raw_usage;
  std::optional<UsageSource> usage_source;
  std::optional<ServedFrom> served_from;
  std::optional<std::uint64_t> ttft_us;     ///< request to first token
  std::optional<std::uint64_t> latency_us;  ///< request to end of answer
  std::optional<std::uint64_t> text_bytes;
  std::optional<std::uint64_t> parts_count;
  Parts parts;
  std::optional<Json> timing_track;
  std::optional<Json> metadata;
  std::optional<Json> extra;
  std::optional<Json> filtered;  ///< what the filter took out: rule -> how often
  template <class V>
  static void fields(V& v) {
    using E = ResponseReceived;
    v.fact("call_id", &E::call_id);
    v.fact("choice", &E::choice, kDefaulted);
    v.fact("attempt", &E::attempt);
    v.fact("message_id", &E::message_id);
    v.fact("provider", &E::provider);
    v.fact("model", &E::model);
    v.fact("finish_reason", &E::finish_reason);
    v.fact("finish_reason_raw", &E::finish_reason_raw);
    v.fact("usage", &E::usage);
    v.fact("raw_usage", &E::raw_usage);
    v.fact("usage_source", &E::usage_source);
    v.fact("served_from", &E::served_from);
    v.fact("ttft_us", &E::ttft_us);
    v.fact("latency_us", &E::latency_us);
    v.derived("text_bytes", &E::text_bytes);
    v.derived("parts_count", &E::parts_count);
    v.derived("filtered", &E::filtered);
    v.content("parts", &E::parts);
    v.content("timing_track", &E::timing_track);
    v.content("metadata", &E::metadata);
    v.content("extra", &E::extra);
  }
};

/// A call ended without a whole answer.
struct ResponseFailed {
  static constexpr std::string_view kType = "ResponseFailed";
  std::string call_id;
  std::uint32_t attempt = 1;
  FailureReason reason = FailureReason::error;
  std::optional<std::string> provider;
  std::optional<std::string> model;
  std::optional<std::string> error_type;  ///< the provider's identifier
  std::optional<std::uint64_t> status;    ///< HTTP status
  std::optional<bool> retryable;
  std::optional<Usage> usage;
  std::optional<Json> raw_usage;
  std::optional<UsageSource> usage_source;
  std::optional<std::uint64_t> ttft_us;
  std::optional<std::uint64_t> latency_us;
  std::optional<Json> error;   ///< text or object, as given
  std::optional<Parts> parts;  ///< of the partial answer
  std::optional<Json> metadata;
  std::optional<Json> filtered;  ///< what the filter took out: rule -> how often
  template <class V>
  static void fields(V& v) {
    using E = ResponseFailed;
    v.fact("call_id", &E::call_id);
    v.fact("attempt", &E::attempt, kDefaulted);
    v.fact("reason", &E::reason, kDefaulted);
    v.fact("provider", &E::provider);
    v.fact("model", &E::model);
    v.fact("error_type", &E::error_type);
    v.fact("status", &E::status);
    v.fact("retryable", &E::retryable);
    v.fact("usage", &E::usage);
    v.fact("raw_usage", &E::raw_usage);
    v.fact("usage_source", &E::usage_source);
    v.fact("ttft_us", &E::ttft_us);
    v.fact("latency_us", &E::latency_us);
    v.derived("filtered", &E::filtered);
    v.content("error", &E::error);
    v.content("parts", &E::parts);
    v.content("metadata", &E::metadata);
  }
};

/// A tool was asked for. (message_id, index) names the call: a `tool_call_id` may repeat.
struct ToolCalled {
  static constexpr std::string_view kType = "ToolCalled";
  std::string tool_call_id;
  std::string message_id;   ///< the answer that asked
  std::uint32_t index = 0;  ///< place among the answer's calls, from 0
  std::string tool;
  std::optional<std::uint64_t> arguments_bytes;  ///< of the text, or of the compact JSON
  Json arguments;                                ///< as given: a text of JSON stays a text
  std::optional<Json> metadata;
  std::optional<Json> filtered;  ///< what the filter took out: rule -> how often
  template <class V>
  static void fields(V& v) {
    using E = ToolCalled;
    v.fact("tool_call_id", &E::tool_call_id);
    v.fact("message_id", &E::message_id);
    v.fact("index", &E::index);
    v.fact("tool", &E::tool);
    v.derived("arguments_bytes", &E::arguments_bytes);
    v.derived("filtered", &E::filtered);
    v.content("arguments", &E::arguments);
    v.content("metadata", &E::metadata);
  }
};

/// A tool returned.
struct ToolCompleted {
  static constexpr std::string_view kType = "ToolCompleted";
  std::string tool_call_id;
  std::optional<std::string> message_id;  ///< of the call it closes; absent on an orphan
  std::optional<std::uint32_t> index;
  std::optional<std::string> tool;
  std::optional<std::uint64_t> duration_us;
  bool orphan = false;                        ///< no call was known for it
  std::optional<std::string> result_id;       ///< tells orphans of one `tool_call_id` apart
  std::optional<std::uint64_t> output_bytes;  ///< of the text, or of the compact JSON
  Json output;
  std::optional<Json> metadata;
  std::optional<Json> extra;
  std::optional<Json> filtered;  ///< what the filter took out: rule -> how often
  template <class V>
  static void fields(V& v) {
    using E = ToolCompleted;
    v.fact("tool_call_id", &E::tool_call_id);
    v.fact("message_id", &E::message_id);
    v.fact("index", &E::index);
    v.fact("tool", &E::tool);
    v.fact("duration_us", &E::duration_us);
    v.derived("orphan", &E::orphan);
    v.fact("result_id", &E::result_id);
    v.derived("output_bytes", &E::output_bytes);
    v.derived("filtered", &E::filtered);
    v.content("output", &E::output);
    v.content("metadata", &E::metadata);
    v.content("extra", &E::extra);
  }
};

/// A tool failed.
struct ToolFailed {
  static constexpr std::string_view kType = "ToolFailed";
  std::string tool_call_id;
  std::optional<std::string> message_id;
  std::optional<std::uint32_t> index;
  std::optional<std::string> tool;
  std::optional<std::uint64_t> duration_us;
  bool orphan = false;
  std::optional<std::string> result_id;
  std::optional<std::string> error_type;
  Json error;
  std::optional<Json> metadata;
  std::optional<Json> extra;
  std::optional<Json> filtered;  ///< what the filter took out: rule -> how often
  template <class V>
  static void fields(V& v) {
    using E = ToolFailed;
    v.fact("tool_call_id", &E::tool_call_id);
    v.fact("message_id", &E::message_id);
    v.fact("index", &E::index);
    v.fact("tool", &E::tool);
    v.fact("duration_us", &E::duration_us);
    v.derived("orphan", &E::orphan);
    v.fact("result_id", &E::result_id);
    v.fact("error_type", &E::error_type);
    v.derived("filtered", &E::filtered);
    v.content("error", &E::error);
    v.content("metadata", &E::metadata);
    v.content("extra", &E::extra);
  }
};

/// From here the window sent no longer equals the history.
struct ContextOptimized {
  static constexpr std::string_view kType = "ContextOptimized";
  /// Short identifier. An answer that is removed takes the other answers to its call along, unless
  /// this is `choice`: then the client goes on from one that is not removed.
  std::string strategy;
  std::vector<std::string> removed;     ///< message ids no longer sent
  std::vector<std::string> summarised;  ///< message ids replaced by `summary`
  std::optional<std::uint64_t> tokens_before;
  std::optional<std::uint64_t> tokens_after;
  std::optional<std::string> reason;  ///< short identifier
  std::optional<Parts> summary;
  std::optional<std::string> comment;
  std::optional<Json> filtered;  ///< what the filter took out: rule -> how often
  template <class V>
  static void fields(V& v) {
    using E = ContextOptimized;
    v.fact("strategy", &E::strategy);
    v.fact("removed", &E::removed);
    v.fact("summarised", &E::summarised);
    v.fact("tokens_before", &E::tokens_before);
    v.fact("tokens_after", &E::tokens_after);
    v.fact("reason", &E::reason);
    v.derived("filtered", &E::filtered);
    v.content("summary", &E::summary);
    v.content("comment", &E::comment);
  }
};

/// A branch left; the child's `SessionCreated` names this session as parent.
struct SessionForked {
  static constexpr std::string_view kType = "SessionForked";
  std::string child;             ///< name of the child's stream without `session-`
  std::uint64_t at_version = 0;  ///< version of the last event the child inherits
  ForkReason reason = ForkReason::edit;
  std::optional<std::string> comment;
  std::optional<Json> filtered;  ///< what the filter took out: rule -> how often
  template <class V>
  static void fields(V& v) {
    using E = SessionForked;
    v.fact("child", &E::child);
    v.fact("at_version", &E::at_version);
    v.fact("reason", &E::reason);
    v.derived("filtered", &E::filtered);
    v.content("comment", &E::comment);
  }
};

/// A judgement of an answer, a message or the whole session.
struct ScoreRecorded {
  static constexpr std::string_view kType = "ScoreRecorded";
  std::string score_id;
  TargetKind target_kind = TargetKind::session;
  std::optional<std::string> target_id;  ///< message_id or call_id; absent for the session
  std::string name;                      ///< of the metric
  Json value;                            ///< number, boolean, or a category as text
  std::optional<std::string> evaluator;
  std::optional<std::string> comment;
  std::optional<Json> metadata;
  std::optional<Json> filtered;  ///< what the filter took out: rule -> how often
  template <class V>
  static void fields(V& v) {
    using E = ScoreRecorded;
    v.fact("score_id", &E::score_id);
    v.fact("target_kind", &E::target_kind, kDefaulted);
    v.fact("target_id", &E::target_id);
    v.fact("name", &E::name);
    v.fact("value", &E::value);
    v.fact("evaluator", &E::evaluator);
    v.derived("filtered", &E::filtered);
    v.content("comment", &E::comment);
    v.content("metadata", &E::metadata);
  }
};

/// Something that its source holds beside the conversation and that no other event says: a line of
/// an unknown kind, a summary, settings of a tool. Kept as it stands; not part of what was said.
struct RecordAttached {
  static constexpr std::string_view kType = "RecordAttached";
  std::string attachment_id;           ///< tells it from the other attachments of the session
  std::string kind;                    ///< short identifier, `[a-z0-9_.-]{1,64}`
  std::optional<std::uint64_t> bytes;  ///< of the text, or of the compact JSON
  Json record;
  std::optional<Json> metadata;
  std::optional<Json> filtered;  ///< what the filter took out: rule -> how often
  template <class V>
  static void fields(V& v) {
    using E = RecordAttached;
    v.fact("attachment_id", &E::attachment_id);
    v.fact("kind", &E::kind);
    v.derived("bytes", &E::bytes);
    v.derived("filtered", &E::filtered);
    v.content("record", &E::record);
    v.content("metadata", &E::metadata);
  }
};

/// The conversation closed.
struct SessionEnded {
  static constexpr std::string_view kType = "SessionEnded";
  std::optional<std::string> reason;  ///< short identifier, `[a-z0-9_.-]{1,64}`
  std::optional<std::string> comment;
  std::optional<Json> filtered;  ///< what the filter took out: rule -> how often
  template <class V>
  static void fields(V& v) {
    v.fact("reason", &SessionEnded::reason);
    v.derived("filtered", &SessionEnded::filtered);
    v.content("comment", &SessionEnded::comment);
  }
};

/// The conversation went on.
struct SessionReopened {
  static constexpr std::string_view kType = "SessionReopened";
  std::optional<std::string> reason;  ///< as above
  std::optional<std::string> comment;
  std::optional<Json> filtered;  ///< what the filter took out: rule -> how often
  template <class V>
  static void fields(V& v) {
    v.fact("reason", &SessionReopened::reason);
    v.derived("filtered", &SessionReopened::filtered);
    v.content("comment", &SessionReopened::comment);
  }
};

using SessionEvent = std::variant<SessionCreated, SessionConfigured, MessageSent, ResponseRequested,
                                  ResponseReceived, ResponseFailed, ToolCalled, ToolCompleted,
                                  ToolFailed, ContextOptimized, SessionForked, ScoreRecorded,
                                  RecordAttached, SessionEnded, SessionReopened, Unrecognised>;

/// Longest text in one fact, in bytes (some providers put signatures into tool call ids).
inline constexpr std::size_t kMaxFactTextBytes = 4096;
/// Longest short identifier (`reason`, `strategy`).
inline constexpr std::size_t kMaxIdentifierBytes = 64;

}  // namespace hansard::events
