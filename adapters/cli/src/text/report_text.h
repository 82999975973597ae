#pragma once

#include <cstddef>
#include <string>

#include "events/json.h"

/// Sections of `GET /v1/reports/{name}`, drawn for people. Pure.
namespace hansard::cli {

/// The groups as a table, with bars beside them; or a line over time for each group but its time.
/// @param columns of the terminal, 0: unlimited
std::string section_text(const events::Json& section, std::size_t columns);

}  // namespace hansard::cli
