#pragma once

#include "core/event_log.h"
#include "http/keys.h"

namespace hansard::http {

/// Takes the keys on record (`keys-api` in project `_log`) into `ring`, revoked ones too, so that
/// they are known as that. Before serving. Errors: corruption, unavailable; those of the codec.
core::Status load_keys(const core::EventLog& log, KeyRing& ring);

}  // namespace hansard::http
