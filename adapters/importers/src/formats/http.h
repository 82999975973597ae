#pragma once

#include <memory>

#include "events/json.h"
#include "importers/reader.h"

namespace hansard::importers {

/// Recorded calls of models over HTTP: one exchange a line (`http_exchange.h` has the forms), or a
/// HAR file. Bodies are read by the dialects that the gateway has, streams included, and calls are
/// put together to conversations by the histories they carry (`http_calls.h`); with `session`, or
/// where a source names the recording an exchange was cut from, only those of one name.
///
/// Exchanges with an API that is not known, and bodies that its dialect refuses, are attached.
/// What is no POST is not taken, and said so. Header fields are not kept.
std::unique_ptr<Reader> http_reader(ReaderEvents events);

bool is_http(const events::Json& record);

}  // namespace hansard::importers
