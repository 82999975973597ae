#pragma once

#include "http/route_doc.h"

namespace hansard::http {

/// A route about prompts with what `GET /openapi.json` tells of it. @pre it is one of them
AddedRoute documented_prompt(Route route);
/// Those that the routes about prompts name.
std::span<const SchemaDoc> prompt_schemas();

}  // namespace hansard::http
