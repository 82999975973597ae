#pragma once

#include "engine/models.h"
#include "gateway/gateway.h"
#include "http/route_doc.h"

namespace hansard::cli {

/// `GET /v1/providers`: where calls go, and how that is going. `models` and
/// `gateway` outlive the route.
http::AddedRoute providers_route(const Models& models, const gateway::Gateway& gateway);

}  // namespace hansard::cli
