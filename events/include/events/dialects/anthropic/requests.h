#pragma once

#include "events/dialects/request.h"

/// Requests of the Anthropic Messages API (reference: Anthropic API, "Messages"). Pure.
///
/// Identity: `metadata.user_id`; of the form that Claude Code gives it
/// (`user_<hash>_account_<uuid>_session_<uuid>`) the last part names the conversation.
namespace hansard::events::anthropic {

/// Lives as long as the program.
const RequestDialect& requests();

}  // namespace hansard::events::anthropic
