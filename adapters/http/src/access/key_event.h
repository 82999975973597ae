#pragma once

#include "core/time.h"
#include "events/keys/facts.h"
#include "http/keys.h"

namespace hansard::http {

/// The key that an event made. Errors: corruption.
core::Result<KeyOnRecord> key_of(const events::KeyCreated& event, core::Timestamp created_at);

}  // namespace hansard::http
