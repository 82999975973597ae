#pragma once

#include <functional>
#include <string_view>

#include "core/hash.h"

namespace hansard::events {

/// Keyed hash of bytes: how dialects that do not keep vectors tell one from another. Only the store
/// has the key. Pure; called from any thread that reads an answer.
using VectorHash = std::function<core::Hash(std::string_view bytes)>;

}  // namespace hansard::events
