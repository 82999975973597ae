#pragma once

#include "core/result.h"
#include "events/session/facts.h"

/// What types cannot say about the fields of one event. Private to src/session.
namespace hansard::events {

/// Bounds of lists in facts.
inline constexpr std::size_t kMaxTags = 64;
inline constexpr std::size_t kMaxListedIds = 10000;

/// Errors: invalid_argument with the bare field name.
core::Status check_event(const SessionEvent& event);
core::Status check(const SessionCreated& event);
core::Status check(const SessionConfigured& event);
core::Status check(const MessageSent& event);
core::Status check(const ResponseRequested& event);
core::Status check(const ResponseReceived& event);
core::Status check(const ResponseFailed& event);
core::Status check(const ToolCalled& event);
core::Status check(const ToolCompleted& event);
core::Status check(const ToolFailed& event);
core::Status check(const ContextOptimized& event);
core::Status check(const SessionForked& event);
core::Status check(const ScoreRecorded& event);
core::Status check(const RecordAttached& event);
core::Status check(const SessionEnded& event);
core::Status check(const SessionReopened& event);
inline core::Status check(const Unrecognised&) { return core::Ok{}; }

}  // namespace hansard::events
