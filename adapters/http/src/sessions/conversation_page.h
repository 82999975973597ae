#pragma once

#include "http/context.h"

namespace hansard::http {

/// GET /sessions/{id}: the conversation, read from top to bottom, as of any version. A missing
/// session is a page too. Errors: what reading the log reports.
core::Result<Response> conversation_page(const Context& context, const Request& request,
                                         core::Position end);

}  // namespace hansard::http
