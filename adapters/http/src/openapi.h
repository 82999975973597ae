#pragma once

#include <string>
#include <vector>

#include "http/router.h"

namespace hansard::http {

/// An OpenAPI 3.1 document of `routes`: every path with its parameters, headers, scope, body and
/// answers. The bodies of typed writes come from `events::command_shapes`, the codes of problems
/// from `core::error_table`, the rest from `api_docs.h`.
/// @pre every route has a row there.
std::string openapi_document(const std::vector<Route>& routes);

/// GET /openapi.json, of `others` and itself. Open to everyone: it tells what a key is for, and
/// nothing that is recorded.
Route openapi_route(const std::vector<Route>& others);

}  // namespace hansard::http
