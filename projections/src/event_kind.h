#pragma once

#include <cstdint>
#include <string_view>

#include "core/event.h"

namespace hansard::projections {

/// The types that a fold tells apart, found by name before anything is parsed.
enum class EventKind : std::uint8_t {
  session_created,
  session_configured,
  message_sent,
  response_requested,
  response_received,
  response_failed,
  tool_called,
  tool_completed,
  tool_failed,
  context_optimized,
  session_forked,
  score_recorded,
  session_ended,
  session_reopened,
  unknown
};

EventKind kind_of(std::string_view type);

inline constexpr std::string_view kSessionPrefix = "session-";
inline constexpr std::string_view kCallsPrefix = "calls-";

/// The part of a session's stream name after `session-`, or empty when it is another stream.
inline std::string_view session_name(std::string_view stream) {
  return stream.starts_with(kSessionPrefix) ? stream.substr(kSessionPrefix.size())
                                            : std::string_view{};
}

}  // namespace hansard::projections
