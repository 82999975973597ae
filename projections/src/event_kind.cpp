#include "event_kind.h"

#include <array>
#include <utility>

#include "events/session/facts.h"

namespace hansard::projections {
namespace {

constexpr std::array<std::pair<std::string_view, EventKind>, 14> kKinds{{
    {events::MessageSent::kType, EventKind::message_sent},
    {events::ResponseReceived::kType, EventKind::response_received},
    {events::ToolCalled::kType, EventKind::tool_called},
    {events::ToolCompleted::kType, EventKind::tool_completed},
    {events::ResponseRequested::kType, EventKind::response_requested},
    {events::SessionCreated::kType, EventKind::session_created},
    {events::SessionConfigured::kType, EventKind::session_configured},
    {events::ResponseFailed::kType, EventKind::response_failed},
    {events::ToolFailed::kType, EventKind::tool_failed},
    {events::ContextOptimized::kType, EventKind::context_optimized},
    {events::SessionForked::kType, EventKind::session_forked},
    {events::ScoreRecorded::kType, EventKind::score_recorded},
    {events::SessionEnded::kType, EventKind::session_ended},
    {events::SessionReopened::kType, EventKind::session_reopened},
}};

}  // namespace

EventKind kind_of(std::string_view type) {
  for (const auto& [name, kind] : kKinds) {
    if (name == type) return kind;
  }
  return EventKind::unknown;
}

}  // namespace hansard::projections
