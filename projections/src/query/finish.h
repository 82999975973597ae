#pragma once

#include <vector>

#include "aggregation.h"

namespace hansard::projections::query {

/// Fills the groups of `answer`: those that `having` keeps, in order, up to the limit.
/// Errors: the reader's.
core::Status finish(const Query& query, const GroupIndex& groups, std::vector<Coder>& coders,
                    Aggregation& aggregation, Answer& answer);

}  // namespace hansard::projections::query
