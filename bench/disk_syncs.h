#pragma once

#include <filesystem>

#include "meter.h"

namespace hansard::bench {

/// How long the disk under `directory` takes for a small append and its `fdatasync`, `count` times
/// in a row. Throws std::runtime_error.
Latencies sync_latencies(const std::filesystem::path& directory, std::size_t count);

}  // namespace hansard::bench
