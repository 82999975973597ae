#pragma once

#include <vector>

#include "gateway/gateway.h"
#include "http/route_doc.h"

namespace hansard::cli {

/// The surface of the gateway: `/openai/...`, `/anthropic/...`, `/ollama/...` and
/// `/p/{provider}/...` go on to that provider as they are; some paths are known without a prefix.
/// `gateway` outlives the routes.
std::vector<http::AddedRoute> gateway_routes(gateway::Gateway& gateway);

}  // namespace hansard::cli
