#pragma once

#include <optional>
#include <string>

#include "core/error.h"
#include "http/message.h"

namespace hansard::http {

/// An RFC 9457 problem document from an error:
///   {"type":"urn:hansard:error:version_conflict","title":...,"status":409,"detail":...,
///    "code":"version_conflict","field":...,"violations":[{"stream","expected","actual"}]}
/// `field` and `violations` appear where the error has them. `overloaded`, `unavailable` and
/// `out_of_space` carry Retry-After (1, 2 and 30 s); a 401 names the Bearer scheme.
/// @param status  where HTTP has a narrower one than the code's own (405, 408, 414, 415, 431).
Response problem(core::Error error, std::optional<int> status = std::nullopt);

/// A JSON answer; `body` is a JSON text without a final newline.
Response json_response(int status, std::string body);

}  // namespace hansard::http
