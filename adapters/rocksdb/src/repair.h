#pragma once

#include <functional>
#include <string_view>

#include "database.h"

namespace hansard::rocks {

/// After a loss that its operator accepted: keeps the events up to the first missing position, and
/// derives `streams`, `ids` and `merkle` from them anew, since those families may have lost less or
/// more than the events. Idempotent; not atomic, so HEAD is moved only afterwards.
/// Cost: reads every event and writes every index entry.
/// Errors: corruption (an event that is there cannot be read: that is damage, not loss).
core::Status repair_indexes(const Database& database, const core::Hasher& hasher,
                            const std::function<void(std::string_view)>& notice);

}  // namespace hansard::rocks
