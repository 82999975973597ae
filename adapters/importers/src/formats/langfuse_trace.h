#pragma once

#include <cstdint>

#include "events/json.h"
#include "importers/reader.h"

/// One trace of a Langfuse export. Private to its reader.
namespace hansard::importers::langfuse {

/// The session of a trace with a text `id`.
/// @param observations  objects; in any order
Piece read_trace(const events::Json& trace, const events::Json::Array& observations,
                 std::uint64_t line);

}  // namespace hansard::importers::langfuse
