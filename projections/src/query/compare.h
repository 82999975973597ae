#pragma once

#include "projections/query/execute.h"

namespace hansard::projections::query {

/// Answers of one query for two periods as one: every group of either, beside each other.
/// @param now,before  without limit and having, which the query's own are applied for.
Answer side_by_side(const Query& query, Answer now, Answer before);

/// Groups that two answers may be put side by side of.
inline constexpr std::size_t kComparedGroupsMax = 100'000;

}  // namespace hansard::projections::query
