#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_set>
#include <utility>
#include <vector>

#include "core/ids.h"
#include "events/session/facts.h"

namespace hansard::events {

/// Where a tool call stands; `by_call_id` of the state lists these per tool_call_id, oldest first.
struct ToolCallState {
  std::string tool_call_id;
  std::string message_id;
  std::uint32_t index = 0;
  std::string tool;
  bool closed = false;
};

struct MessageState {
  bool answer = false;  ///< ResponseReceived, not MessageSent
  /// tool_call parts of an answer: (tool_call_id, index). Empty when content was erased.
  std::vector<std::pair<std::string, std::uint32_t>> asked = {};
  std::uint32_t next_index = 0;    ///< one past the highest index asked or called
  std::uint64_t last_version = 0;  ///< of the last event about it: itself, a call, a result
  std::optional<std::uint64_t> parts = {};  ///< how many an answer has
  bool usage = false;                       ///< an answer that says what it cost
};

struct CallState {
  std::uint32_t requested = 0;              ///< highest attempt requested, 0: none
  std::uint32_t failed = 0;                 ///< highest attempt failed, 0: none
  std::vector<std::uint32_t> choices = {};  ///< answered
  bool answered() const { return !choices.empty(); }
};

/// What the rules of a session need of its past; no text of messages. A value.
struct SessionState {
  std::uint64_t next_version = 0;         ///< 0: nothing was ever written to the stream
  std::optional<SessionCreated> created;  ///< without title and metadata
  std::uint32_t ends = 0;
  std::uint32_t reopens = 0;
  std::optional<std::string> tools_hash;  ///< of the tools offered now
  std::unordered_set<core::EventId> ids;  ///< of every event: a known id is a retry
  std::map<std::string, MessageState, std::less<>> messages;
  std::map<std::string, CallState, std::less<>> calls;
  std::vector<ToolCallState> tool_calls;
  std::map<std::string, std::vector<std::size_t>, std::less<>> by_call_id;  ///< into tool_calls
  std::map<std::string, std::vector<std::size_t>, std::less<>> calls_of;  ///< message -> tool_calls
  std::map<std::string, std::string, std::less<>>
      asked_in;  ///< tool_call_id -> latest answer asking
  std::map<std::string, std::uint64_t, std::less<>> forks;  ///< child -> version it left at
  std::size_t text_bytes = 0;  ///< of the texts above, for `approximate_bytes`

  [[nodiscard]] bool exists() const { return next_version > 0; }
  [[nodiscard]] bool ended() const { return ends > reopens; }
  /// A fork: messages and calls of the parent are not in this state.
  [[nodiscard]] bool inherits() const { return created && created->parent; }
  [[nodiscard]] const ToolCallState* find_call(std::string_view message_id,
                                               std::uint32_t index) const;
  /// The latest open call with this id, else the latest one, else nullptr.
  [[nodiscard]] const ToolCallState* call_for_result(std::string_view tool_call_id) const;
};

/// Lets go of what `state` keeps of content: the user's name and the tags, which a fork takes over.
/// For an erasure of all that was said; the ids and hashes stay.
void forget_said(SessionState& state);

/// What `event`, stored under `id` on this stream, leaves behind. Accepts everything, in any order.
SessionState after(SessionState state, const core::EventId& id, const SessionEvent& event);

/// Memory of a state, roughly, for bounding a cache.
std::size_t approximate_bytes(const SessionState& state);

}  // namespace hansard::events
