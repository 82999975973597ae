#pragma once

#include <string_view>

#include "core/result.h"
#include "events/json.h"
#include "projections/query/execute.h"
#include "projections/query/query.h"

/// Queries and answers as JSON.
///
///   {"measures": ["calls", "sum(tokens)", "p95(latency_us)", "count_distinct(user)"],
///    "group_by": ["model", "day", "tag:team"],
///    "where": {"provider": "openai", "model": ["a", null], "status": {"min": 500},
///              "tokens": {"min": 1000, "max": 5000}},
///    "from": "2026-11-01", "to": "2026-11-08T12:00:00Z",
///    "having": {"sum(tokens)": {"min": 1}}, "order": ["-sum(tokens)", "model"],
///    "limit": 10, "as_of": 120, "zone": "Europe/Berlin", "compare": "previous", "table": "calls"}
///
/// Only `measures` is required. In `where`, null is "not known"; several values are any of them;
/// several members must all hold; {"not": ...} keeps the others, those not known among them. `from`
/// and `to` are days of the zone (UTC unless said) or times; `to` is the first moment left out.
/// Bounds of tokens_per_second and value are as shown. A minus before a name in `order` means most
/// first.
namespace hansard::projections::query {

inline constexpr std::uint64_t kDefaultLimit = 1'000;
inline constexpr std::uint64_t kLimitMax = 100'000;
/// Entries of any one list.
inline constexpr std::size_t kListMax = 64;
/// Values of one dimension in `where`.
inline constexpr std::size_t kValuesMax = 10'000;

/// Reads a query; the project stays as the caller sets it.
/// Errors: invalid_argument with the field at fault (unknown and repeated fields too; an unknown
/// name lists what there is), too_large (over a limit above).
core::Result<Query> parse_query(std::string_view text);

/// {"group_by": ["model"], "measures": ["sum(calls)", ...], "groups": [{"model": "a",
///  "sum(calls)": 3, "sum(tokens)": 12, "avg(latency_us)": 1.5, "of": {"avg(latency_us)": 2}}],
///  "total_groups": 1, "calls": 3, "as_of": {"position": 7}, ...}
/// A value that is not known is null. `of` tells of how many calls of the group a measure is known
/// where that is not all; `hashes` has the keyed hashes of the group's user and tags, and `erased`
/// lists those whose name is gone. Whole numbers have all their digits.
events::Json to_json(const Answer& answer);

// The two parts of it, for answers of many lines.
events::Json head_to_json(const Answer& answer);
events::Json to_json(const Answer& answer, const Group& group);

}  // namespace hansard::projections::query
