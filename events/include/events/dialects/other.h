#pragma once

#include "events/dialects/answer.h"
#include "events/dialects/provider_error.h"
#include "events/dialects/request.h"

/// Calls of APIs that nobody reads, and bodies that no dialect could: recorded as they were sent
/// and as they came. Pure.
///
/// A request is, all of it in `parameters`,
///   {"method":"POST","target":"/v9/think","type":"application/json","body":<as below>,"cut":123}
/// An answer is {"status":200,"body":<as below>,"cut":123}, in `extra.body`.
/// A body is JSON where it is a document, {"text":...} where it is text, else {"base64":...};
/// `cut` says how many bytes it had where only its beginning is kept.
namespace hansard::events::other {

/// `split` takes anything, and there is nothing in it that a conversation says.
const RequestDialect& requests();
const AnswerDialect& answers();
/// The whole body is the error.
ProviderError read_error(int status, const Json& body);

}  // namespace hansard::events::other
