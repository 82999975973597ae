#pragma once

#include <memory>

#include "http/route_doc.h"

namespace hansard::http {

class Reads;

/// Costs of what was called, by prices before and after: in a file of its own.
Route price_change_route(const std::shared_ptr<Reads>& reads);

/// A route about prices with what `GET /openapi.json` tells of it. @pre it is one of them
AddedRoute documented(Route route);

}  // namespace hansard::http
