#pragma once

#include <string_view>

#include "backend.h"
#include "core/time.h"

namespace hansard::cli {

/// The built-in conversations, written for this project, as requests of the typed routes: one a
/// line, `{"post":"/v1/sessions","body":{...}}`. All are tagged `sample: true`.
std::string_view sample_requests();

/// Sends them, in order, moved by whole days so that the newest is of the last 24 hours before
/// `now`; where they are recorded already, as then. Every request carries its ids, so sending them
/// again changes nothing and a run that was cut off is completed by the next. Cost: one durable
/// append each. Errors: the first request's that failed.
core::Status record_sample(Backend& backend, core::Timestamp now);

}  // namespace hansard::cli
