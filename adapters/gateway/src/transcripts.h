#pragma once

#include "core/event_log.h"
#include "events/conversation/transcript.h"
#include "events/session/codec.h"

namespace hansard::gateway {

/// Forks followed upwards; a conversation deeper than this is not continued but begun anew.
inline constexpr std::size_t kForkDepthMax = 64;

/// The transcript of a session as it stands in the log, what a fork inherits included.
/// @return nothing when there is no such session, or it is a fork too deep.
/// Errors: those of the log and the codec. Blocks on storage; cost: its events.
core::Result<std::optional<events::Transcript>> load_transcript(const core::EventLog& log,
                                                                const events::SessionCodec& codec,
                                                                const events::Digester& digester,
                                                                const core::ProjectId& project,
                                                                const std::string& session);

}  // namespace hansard::gateway
