#pragma once

#include "core/event.h"
#include "projections/as_of.h"
#include "shared/query.h"

namespace hansard::http {

/// The query's `as_of`: `version:7` (or `7`, `v7`), `position:120` (or `p120`), a time in RFC 3339,
/// or `head`, which is also what its absence means. Errors: invalid_argument.
core::Result<projections::AsOf> as_of_parameter(const Query& query);

/// The same forms. Errors: invalid_argument, field `as_of`.
core::Result<projections::AsOf> parse_moment(const std::string& text);

/// True when `event` came after that moment.
bool is_beyond(const projections::AsOf& as_of, const core::RecordedEvent& event);

}  // namespace hansard::http
