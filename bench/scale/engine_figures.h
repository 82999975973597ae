#pragma once

#include <filesystem>

#include "scale/board.h"

namespace hansard::bench {

/// What the engine does with the whole log, in this process: raw scan, rebuild of all views and of
/// `usage` alone, verifying beside SHA-256. Leaves the views of `data` built and the store closed.
/// Throws `Failed`.
void measure_engine(const std::filesystem::path& data, std::size_t rounds, Board& board);

/// Only builds the views, if they are not.
void build_views(const std::filesystem::path& data);

}  // namespace hansard::bench
