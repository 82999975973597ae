#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "http/context.h"
#include "shared/event_body.h"
#include "shared/query.h"

/// Which events a request asks for, wherever it says so: query parameters, headers, or a subscribe
/// message.
namespace hansard::http {

/// Names in one filter: it is looked through for every event.
inline constexpr std::size_t kFilterNamesMax = 64;

/// Adds `type` to the filter. Errors: invalid_argument naming `field`.
core::Status add_type(EventFilter& filter, std::string_view type, std::string_view field);
/// Adds the stream of a session. Errors: likewise.
core::Status add_session(const Context& context, EventFilter& filter, const std::string& session,
                         std::string_view field);

/// Reads `type` (repeatable, or with commas), `session` (repeatable), `stream` and `limit`.
/// Errors: invalid_argument naming the parameter.
core::Result<EventFilter> filter_of(const Context& context, const core::ProjectId& project,
                                    const Query& query);

/// Where to begin: header `Last-Event-ID` (a browser that comes back), else `from` (a position, or
/// `head`), else `last` events before `end`, else `otherwise`. Errors: invalid_argument.
core::Result<core::Position> start_of(const Request& request, const Query& query,
                                      core::Position end, core::Position otherwise);

/// The position after the one in `Last-Event-ID`, if there is such a header.
core::Result<std::optional<std::uint64_t>> after_last_event_id(const Request& request);

}  // namespace hansard::http
