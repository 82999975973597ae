#pragma once

#include <cstddef>

#include "core/result.h"
#include "events/dialects/apis.h"
#include "events/prompt/render.h"

namespace hansard::gateway {

/// Puts what a named prompt says before what the call says itself, in the form of its API: leading
/// system text beside the messages where the API has it there (before the client's own), else as
/// messages; everything else at the head of the list. In a call that goes on from an answer which
/// its provider keeps, the provider has the examples already: they are left out.
/// @param request  as the API's dialect split it
/// @return how many messages of the list come first in every call of the prompt: all up to the last
///         one in the assistant's words (`projections::read_prompt`)
/// Errors: invalid_argument (the API takes no prompt, or none of this kind).
core::Result<std::size_t> put_before(const events::RenderedPrompt& prompt, const events::Api& api,
                                     events::CallRequest& request);

/// A body that lacks the list of messages which its API insists on gets an empty one: a call that
/// names a prompt need not say anything itself.
void allow_no_messages(const events::Api& api, events::Json& body);

}  // namespace hansard::gateway
