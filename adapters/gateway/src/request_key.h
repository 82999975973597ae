#pragma once

#include <string>
#include <string_view>

#include "events/json.h"

namespace hansard::gateway {

/// The same text for all requests to an API that ask the same: members sorted by name, without
/// those that say how the answer is sent (`stream`, `stream_options`).
/// @param api  name of its dialect
std::string canonical_request(std::string_view api, const events::Json& body);

}  // namespace hansard::gateway
