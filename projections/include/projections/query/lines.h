#pragma once

#include <string>
#include <vector>

#include "projections/query/execute.h"

/// Answers as lines of text.
namespace hansard::projections::query {

/// Names of the answer's columns: dimensions (a user or tag is followed by its keyed hash, as
/// `user_hash`), then aggregates; of a
/// comparison, then `previous ...` and `change_percent ...` of each.
std::vector<std::string> column_names(const Answer& answer);

/// RFC 4180: a line of names, then a line a group, each ended by CR LF. What is not known is empty,
/// what is erased says so. Costs are in pico-USD, whole.
std::string to_csv(const Answer& answer);

/// A line of JSON with everything but the groups, then a line for each.
std::string to_ndjson(const Answer& answer);

/// What must be known of an answer besides its cells: `calls_estimated=3, calls_unpriced=1`; empty
/// when there is nothing to say.
std::string remarks(const Answer& answer);

}  // namespace hansard::projections::query
