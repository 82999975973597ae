#pragma once

#include "events/dialects/request.h"

/// Requests of the Anthropic Messages API (reference: Anthropic API, "Messages"). Pure.
///
/// `messages` as messages.h has them, tool results bound to the latest open call of their id;
/// `system` stands beside, and may come as a message between others. Results that follow each other
/// stand in one message, with what the user says besides; where they were sent as several messages,
/// `extra.starts` is on the first result of each further one. An answer is sent back as role and
/// content, or, if the client sent it so (`extra.request`), with all its members.
///
/// Identity: `metadata.user_id`. Of the form that Claude Code gives it
/// (`user_<hash>_account_<uuid>_session_<uuid>`, or an object as text with `account_uuid`,
/// `device_id` and `session_id`) the session is the conversation and the rest the user.
namespace hansard::events::anthropic {

/// Lives as long as the program.
const RequestDialect& requests();

}  // namespace hansard::events::anthropic
