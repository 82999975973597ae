#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/hash.h"
#include "events/json.h"

namespace hansard::crash {

/// Text of a JSON tree that equal trees share whatever the order of their members. Number lexemes
/// stay as they are: a log that rewrites `1.0` is caught.
std::string canonical(const events::Json& value);

/// SHA-256 over both payloads of an event, in canonical form.
core::Hash payload_digest(const events::Json& facts, const events::Json& content);

/// SHA-256 over the named members only, wherever they stand; an absent one counts as absent. For
/// events whose other members the server derives.
core::Hash fields_digest(const std::vector<std::string>& fields, const events::Json& facts,
                         const events::Json& content);

/// SHA-256 of bytes.
core::Hash text_digest(std::string_view text);

}  // namespace hansard::crash
