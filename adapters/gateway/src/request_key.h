#pragma once

#include <string>
#include <string_view>

#include "events/json.h"

namespace hansard::gateway {

/// The same bytes for all requests to an API that ask the same, to be hashed: members sorted by
/// name, without those that say how the answer is sent (`stream`, `stream_options`), texts and
/// numbers as they stand with their length in front. What comes of it is stored: it stays as it is.
/// @param api  name of its dialect
std::string canonical_request(std::string_view api, const events::Json& body);

}  // namespace hansard::gateway
