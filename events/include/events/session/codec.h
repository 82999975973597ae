#pragma once

#include <span>
#include <string_view>

#include "events/codec.h"
#include "events/session/facts.h"

namespace hansard::events {

using DecodedEvent = Decoded<SessionEvent>;
/// Events of a session stream.
using SessionCodec = Codec<SessionEvent>;
extern template class Codec<SessionEvent>;

/// True for the types of `SessionEvent`.
bool is_session_event(std::string_view type);
/// True for those that may also stand on `calls-*`.
bool is_call_event(std::string_view type);

/// Every event type built, with every field, in vocabulary order. Built once.
std::span<const EventShape> session_event_shapes();

}  // namespace hansard::events
