#pragma once

#include <vector>

#include "erasure/erasures.h"
#include "http/route_doc.h"

namespace hansard::cli {

/// What the routes about erasures and holds need of the engine; all of it outlives them.
struct ErasureRoutePorts {
  Erasures& erasures;
  const core::KeyedHash& keyed_hash;
  std::function<core::Hash()> draw_random;
  std::function<void(core::CommandContext, events::ErasureCommand, core::AppendDone)> execute;
};

/// POST /v1/erasures, GET /v1/erasures, /v1/erasures/{id} and /v1/admin/erasures, POST
/// /v1/sessions/{id}/hold and .../hold/release. All ask for the scope `admin`.
std::vector<http::AddedRoute> erasure_routes(ErasureRoutePorts ports);

/// As the routes print it.
events::Json to_json(const ErasureStatus& status);

}  // namespace hansard::cli
