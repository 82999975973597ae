#pragma once

#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "http/context.h"
#include "projections/sessions.h"
#include "shared/query.h"

namespace hansard::http {

/// The filters of the session directory, wherever sessions are chosen: `user agent app model
/// status from to active_within`, and `tag` (repeatable). `limit` and `cursor` stay as they are.
/// Errors: invalid_argument naming the parameter.
core::Result<projections::SessionQuery> session_filters(const Context& context,
                                                        const core::ProjectId& project,
                                                        const Query& query);

/// The values of `tag`, cut into key and value. Errors: invalid_argument.
core::Result<std::vector<std::pair<std::string, std::string>>> tag_filters(const Query& query);

}  // namespace hansard::http
