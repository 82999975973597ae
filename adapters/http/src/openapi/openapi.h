#pragma once

#include <span>
#include <string>
#include <vector>

#include "http/route_doc.h"

namespace hansard::http {

/// An OpenAPI 3.1 document of `routes`: every path with its parameters, headers, scope, body and
/// answers. The bodies of typed writes come from `events::command_shapes`, the codes of problems
/// from `core::error_table`, the rest from `api_docs.h` and `api_schemas.h`, or from `added`.
/// @pre every route has a row there, or is one of `added`.
std::string openapi_document(const std::vector<Route>& routes, std::span<const AddedRoute> added);

/// GET /openapi.json, of `others` (`added` among them) and itself. Open to everyone: it tells what
/// a key is for, and nothing that is recorded.
Route openapi_route(const std::vector<Route>& others, std::span<const AddedRoute> added);

}  // namespace hansard::http
