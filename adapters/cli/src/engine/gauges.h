#pragma once

#include <vector>

#include "engine/engine.h"
#include "http/metrics.h"

namespace hansard::cli {

/// What `/metrics` tells of the engine behind the server: log, commits, queue, memory by name,
/// where each view stands, and what the gateway's policies decided. Any thread; may read storage.
std::vector<http::Gauge> gauges(Engine& engine);

}  // namespace hansard::cli
