#pragma once

#include <initializer_list>
#include <string_view>

#include "http/context.h"
#include "projections/sessions.h"
#include "query.h"

namespace hansard::http {

/// The filters of the session directory, wherever sessions are chosen: `user agent app model
/// status from to active_within`, and `tag` (repeatable). `limit` and `cursor` stay as they are.
/// Errors: invalid_argument naming the parameter.
core::Result<projections::SessionQuery> session_filters(const Context& context,
                                                        const core::ProjectId& project,
                                                        const Query& query);

}  // namespace hansard::http
