#pragma once

#include <string>

#include "core/event_log.h"
#include "core/hash.h"
#include "gateway/breaker_status.h"

namespace hansard::cli {

/// What the operator is told of a breaker's change.
std::string breaker_notice(const gateway::BreakerStatus& status);

/// The change as an event about the whole log. Nobody waits for it: it is relaxed.
core::AppendRequest breaker_event(const gateway::BreakerStatus& status, core::Timestamp now,
                                  const core::Hasher& hasher);

}  // namespace hansard::cli
