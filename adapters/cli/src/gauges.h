#pragma once

#include <vector>

#include "engine.h"
#include "http/metrics.h"

namespace hansard::cli {

/// What `/metrics` tells of the engine behind the server: log, commits, queue, memory by name, and
/// where each view stands. Any thread; may read storage.
std::vector<http::Gauge> gauges(Engine& engine);

}  // namespace hansard::cli
