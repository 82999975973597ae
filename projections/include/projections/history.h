#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "core/event_log.h"
#include "events/erasure/state.h"
#include "events/session/codec.h"
#include "projections/as_of.h"

namespace hansard::projections {

/// Forks followed upwards; beyond this the past is cut, and said to be.
inline constexpr std::size_t kForkDepthMax = 64;
/// Payload bytes of the events of one answer.
inline constexpr std::size_t kHistoryBytesMax = 256U << 20;

/// Where something in a history was recorded.
struct EntryInfo {
  core::Version version;  ///< in the stream that recorded it: the parent's for inherited entries
  core::Position position;
  core::Timestamp recorded_at;
  std::optional<core::Timestamp> occurred_at;
  core::EventId id;
  core::KeyId actor;
  bool erased = false;                             ///< content is gone; facts remain
  std::optional<std::string> inherited_from = {};  ///< name of the session it was recorded in
};

/// How a tool call ended.
struct ToolOutcome {
  EntryInfo info;
  std::variant<events::ToolCompleted, events::ToolFailed> event;
};

/// A tool call and, once it is there, its outcome: joined by (message_id, index), otherwise to the
/// latest open call with its `tool_call_id`.
struct ToolUse {
  EntryInfo info;
  events::ToolCalled event;
  std::optional<ToolOutcome> outcome;
};

/// One thing that happened, in order of recording. Tool calls and results stand in `tools` of the
/// answer that asked; one that belongs to no answer here is an entry of its own.
struct Entry {
  EntryInfo info;
  events::SessionEvent event;
  std::vector<ToolUse> tools = {};          ///< of a ResponseReceived, by index
  std::optional<ToolOutcome> outcome = {};  ///< of a ToolCalled standing alone
};

/// Where a fork comes from.
struct Origin {
  std::string session;
  core::Version at_version;
  bool found = false;  ///< false: the parent is not in the log, and nothing was inherited
};

/// What was ordered about the content of one stream, by the id of the erasure.
using Erasures = std::map<std::string, events::StreamErasure, std::less<>>;

/// A conversation as it stood. A fork starts with what it inherits: messages, answers, failures,
/// tools, settings and context changes of its parent up to `at_version`, and so on upwards.
struct History {
  core::ProjectId project;
  core::StreamId stream;
  Moment as_of;
  bool ended = false;
  std::optional<Entry> created;  ///< the SessionCreated, if one was recorded
  std::optional<Origin> origin;
  bool inherited_cut = false;      ///< more than kForkDepthMax forks deep
  std::vector<Entry> entries;      ///< inherited ones first, then own ones; without `created`
  std::size_t unknown_events = 0;  ///< of types that this build does not know, left out
  Erasures erasures;               ///< of the session itself, asked for by then
  bool erased = false;             ///< content of what is shown here is gone, or not to be read
};

/// True while one of them is under way: content is unreadable, and being destroyed.
bool is_erasing(const Erasures& erasures);

/// A session in a few lines.
struct Overview;
/// What a model would be sent next.
struct ContextWindow;

/// Folds on read: everything about one session is computed from its stream when asked for, so there
/// is no second copy of content. `log` outlives this; thread-safe.
class SessionReader {
 public:
  explicit SessionReader(const core::EventLog& log,
                         events::SessionCodec codec = events::SessionCodec{})
      : log_(log), codec_(std::move(codec)) {}

  /// Errors of all three: not_found (no such session, or it did not exist yet then, or has no such
  /// version), too_large (over kHistoryBytesMax), corruption, unsupported (newer schema),
  /// unavailable. Cost: one read and decode of the stream up to `as_of`, and of its ancestors.
  [[nodiscard]] core::Result<History> history(const core::ProjectId& project,
                                              const core::StreamId& stream, AsOf as_of) const;
  [[nodiscard]] core::Result<Overview> overview(const core::ProjectId& project,
                                                const core::StreamId& stream, AsOf as_of) const;
  [[nodiscard]] core::Result<ContextWindow> context(const core::ProjectId& project,
                                                    const core::StreamId& stream, AsOf as_of) const;

 private:
  const core::EventLog& log_;
  events::SessionCodec codec_;
};

}  // namespace hansard::projections
