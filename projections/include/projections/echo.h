#pragma once

#include "core/result.h"
#include "events/dialects/request.h"
#include "events/session/facts.h"

/// What an answer says again of its request: some APIs send tools and instructions back with every
/// answer, more bytes than all that is new in it. They are on record with the request, so of the
/// answer only how they differ is kept.
namespace hansard::projections {

/// Moves such members of `extra.body` to `extra.echo`, as patches (`events::diff_tree`) to the
/// member of the request that has their name; null: no difference.
void drop_echo(events::ResponseReceived& answer, const events::CallRequest& request);

/// Puts them back.
/// @param request  the whole body
/// Errors: corruption (the request has no such member, or the patch does not fit).
core::Status restore_echo(events::ResponseReceived& answer, const events::Json& request);

}  // namespace hansard::projections
