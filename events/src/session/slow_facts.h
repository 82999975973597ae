#pragma once

#include "events/session/fast_facts.h"

/// The facts of `fast_facts.h` by way of the codec and its upcasters: of payloads whose schema the
/// forward pass does not read. Texts live until the thread reads facts so again.
/// Errors: those of decoding; internal (an event of another type).
namespace hansard::events {

core::Result<CallFacts> slow_call_facts(const core::RecordedEvent& event);
core::Result<CreatedFacts> slow_created(const core::RecordedEvent& event);
core::Result<RequestFacts> slow_request(const core::RecordedEvent& event);
core::Result<OutcomeFacts> slow_outcome(const core::RecordedEvent& event);
core::Result<ToolFacts> slow_tool(const core::RecordedEvent& event);

}  // namespace hansard::events
