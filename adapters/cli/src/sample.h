#pragma once

#include <string_view>

#include "backend.h"

namespace hansard::cli {

/// The built-in conversations, written for this project, as requests of the typed routes: one a
/// line, `{"post":"/v1/sessions","body":{...}}`. All are tagged `sample: true`.
std::string_view sample_requests();

/// Sends them, in order. Every request carries its ids, so sending them again changes nothing and a
/// run that was cut off is completed by the next. Cost: one durable append each.
/// Errors: the first request's that failed.
core::Status record_sample(Backend& backend);

}  // namespace hansard::cli
