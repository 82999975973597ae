#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/result.h"
#include "events/json.h"
#include "importers/importer.h"

namespace hansard::importers {

/// A piece on its way to the engine:
///   {"line":1,"session":{"id":"s1"},"create":{...},
///    "steps":[{"post":"messages","body":{...}},{"post":"config","body":{...},"key":"import"}]}
/// `session` may be {"prefix":"...","seed":"..."}, `continues` is true or absent, and so is
/// `alike`. `create` and each `body` are those of the typed routes. What only the report needs
/// stays behind.
std::string write_item(const ImportItem& item);

/// The reverse. `path` names the item in errors.
/// Errors: invalid_argument naming the field.
core::Result<ImportItem> read_item(events::Json json, const std::string& path);

}  // namespace hansard::importers
