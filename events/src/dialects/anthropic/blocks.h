#pragma once

#include <string_view>

#include "events/json.h"
#include "events/session/parts.h"

/// Content blocks that are parts of their own. Private to src/dialects/anthropic.
namespace hansard::events::anthropic {

/// Every block but tool_use and tool_result. Errors: invalid_argument naming `path.member`.
core::Result<Part> read_block(const Json& block, std::string_view path);
Json write_block(const Part& part);

/// `type` of a block. Errors: invalid_argument (no object, no type).
core::Result<std::string_view> type_of(const Json& block, std::string_view path);

/// Members of `object` but for those named.
Json::Object rest_of(const Json& object, std::initializer_list<std::string_view> names);

}  // namespace hansard::events::anthropic
