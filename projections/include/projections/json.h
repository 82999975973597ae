#pragma once

#include "events/json.h"
#include "projections/context.h"
#include "projections/diff.h"
#include "projections/forks.h"
#include "projections/history.h"
#include "projections/overview.h"
#include "projections/sessions.h"
#include "projections/usage.h"
#include "projections/why.h"

/// One JSON shape for every surface: HTTP bodies and `--json` of the CLI are these. Documented with
/// examples in `projections/README.md`. Absent members mean unknown; times are RFC 3339 in UTC.
namespace hansard::projections {

/// What stands where content was destroyed: `"erased": true` beside it, and this for people.
inline constexpr std::string_view kErasedText = "erased";

events::Json to_json(const History& history);
events::Json to_json(const Overview& overview);
events::Json to_json(const ContextWindow& window);
events::Json to_json(const SessionDiff& diff);
events::Json to_json(const Why& why);
events::Json to_json(const ForkTree& tree);
events::Json to_json(const SessionListing& listing);
events::Json to_json(const SessionPage& page);
events::Json to_json(const UsageAnswer& answer);
/// Classes that are known, and `input`, `output`: sums over them. An empty object: nothing is
/// known.
events::Json to_json(const events::Usage& usage);

}  // namespace hansard::projections
