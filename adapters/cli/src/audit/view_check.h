#pragma once

#include "audit/verification.h"
#include "core/projection.h"

namespace hansard::cli {

/// Live rows against a fold of the log up to where they stand, in memory, at most `bytes_max` of
/// rows. `advanced` is told how far the fold is and returns false to stop.
/// Errors: unavailable, cancelled; whatever is wrong with the view is in what is returned.
core::Result<ViewCheck> check_view(rocks::RocksStore& store, const core::Projection& projection,
                                   std::size_t bytes_max,
                                   const std::function<bool(core::Position at)>& advanced);

}  // namespace hansard::cli
