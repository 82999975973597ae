#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.h"
#include "events/dialects/vector_hash.h"
#include "events/json.h"
#include "events/session/commands.h"
#include "events/session/facts.h"

/// What a provider answered <-> the vocabulary, for every HTTP API of a model that we know. Pure.
///
/// A streamed answer is first put together to the body that the same API gives without streaming
/// (`StreamedAnswer`), then read as that body is (`AnswerDialect::read`): one reader, one writer.
/// The cadence of a stream is a track beside the answer.
namespace hansard::events {

/// Names for what an answer does not name, and what they are made with. Must give the same name for
/// the same answer again.
struct AnswerIds {
  std::string call_id;
  /// Of the message of a choice; unique within the session.
  std::function<std::string(std::uint32_t choice)> message_id;
  /// Of vectors; empty where nobody has the key: then only their number and size are told.
  VectorHash vector_hash = {};
};

/// One event of a stream: an SSE event, or a line of NDJSON (`event` is then empty).
struct StreamFrame {
  std::string_view event;  ///< the SSE field `event`; empty where there is none
  std::string_view data;
};

/// What a frame was, for whoever passes it on and measures it.
enum class FrameKind : std::uint8_t {
  content,     ///< carries something a model said: text, thinking, part of a tool call
  other,       ///< roles, pings, starts and ends of blocks, unknown events
  usage,       ///< counters and nothing else: the chunk that `stream_options.include_usage` adds
  terminator,  ///< nothing that belongs to the answer follows
  error,       ///< the provider reports that the answer failed
};

/// What came of a stream.
struct StreamEnd {
  Json body;                  ///< as without streaming; of a truncated stream what came of it
  bool complete = false;      ///< the stream said that it was over
  std::optional<Json> error;  ///< what the provider said went wrong inside the stream, verbatim
  /// Where the deltas were cut and when they came, for `AnswerDialect::write_stream`; in the form
  /// of the dialect, documented there. Null when the stream had no delta.
  Json track;
};

/// Puts one streamed answer together. Never fails: a frame it does not understand is kept
/// (`body` has it under the name the dialect documents) and reported as `other`.
/// Memory: O(answer). Confined to one thread.
class StreamedAnswer {
 public:
  virtual ~StreamedAnswer() = default;
  /// @param at_us  microseconds since the request was sent; never decreasing.
  virtual FrameKind add(const StreamFrame& frame, std::uint64_t at_us) = 0;
  /// Takes out what has come. To be called once.
  virtual StreamEnd end() = 0;
};

/// A frame to send, `at_us` after the request.
struct TimedFrame {
  std::uint64_t at_us = 0;
  std::string event;
  std::string data;
};

/// How the answers of one API look. Immutable; safe from any thread.
class AnswerDialect {
 public:
  virtual ~AnswerDialect() = default;

  /// The steps of an answer: per choice one RecordResponse, then its CallTools. Usage, its class
  /// counts and the raw object are on choice 0; `usage_source` is `provider` where the body has
  /// counters and absent otherwise. Times are the caller's to fill in.
  /// Errors: invalid_argument naming the field that is not what the API says.
  [[nodiscard]] virtual core::Result<std::vector<SessionStep>> read(const Json& body,
                                                                    const AnswerIds& ids) const = 0;
  /// The body, equal as a JSON tree to what was read; of an answer recorded otherwise, the nearest
  /// body of the format.
  /// @param answer  ResponseReceived and ToolCalled of one call, in the order of `read`.
  [[nodiscard]] virtual Json write(std::span<const SessionEvent> answer) const = 0;

  [[nodiscard]] virtual std::unique_ptr<StreamedAnswer> stream() const = 0;
  /// A stream that says `body`, cut and timed by `track`, or in one delta per part at 0 where that
  /// is null. Put together again it gives `body`.
  [[nodiscard]] virtual std::vector<TimedFrame> write_stream(const Json& body,
                                                             const Json& track) const = 0;
};

}  // namespace hansard::events
