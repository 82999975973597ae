#pragma once

#include <filesystem>

#include "scale/board.h"

namespace hansard::bench {

/// Appending in batches to a store in this process as fast as it takes them, without views and
/// beside all of them: the highest rate at which none falls further behind than a second. `data`
/// grows. Throws `Failed`.
void measure_views(const std::filesystem::path& data, double seconds_each, Board& board);

}  // namespace hansard::bench
