#pragma once

#include <vector>

#include "aggregation.h"

namespace hansard::projections::query {

/// Fills the groups of `answer`: those that `having` keeps, in order, up to the limit.
/// Errors: the reader's.
core::Status finish(const Query& query, const GroupIndex& groups, std::vector<Coder>& coders,
                    Aggregation& aggregation, Answer& answer);

/// The groups that `having` keeps, in order; without the limit. Keys of users and tags must still
/// be hashes.
std::vector<Group> arranged(const Query& query, std::vector<Group> groups);

}  // namespace hansard::projections::query
