#include "events/session/codec.h"

#include "check.h"
#include "codec.h"

namespace hansard::events {

template class Codec<SessionEvent>;

bool is_session_event(std::string_view type) { return SessionCodec::is_event(type); }

bool is_call_event(std::string_view type) {
  return type == ResponseRequested::kType || type == ResponseReceived::kType ||
         type == ResponseFailed::kType || type == ToolCalled::kType ||
         type == ToolCompleted::kType || type == ToolFailed::kType || type == ScoreRecorded::kType;
}

std::span<const EventShape> session_event_shapes() { return SessionCodec::shapes(); }

}  // namespace hansard::events
