#pragma once

#include "http/route_doc.h"
#include "models.h"

namespace hansard::cli {

/// `GET /v1/providers`: where calls go, and how that is going. `models` outlives the route.
http::AddedRoute providers_route(const Models& models);

}  // namespace hansard::cli
