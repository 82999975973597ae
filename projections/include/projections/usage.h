#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/event_log.h"
#include "core/hash.h"
#include "core/projection.h"
#include "events/pricing/dollars.h"
#include "events/session/usage.h"
#include "projections/query/query.h"

namespace hansard::projections {

// Tokens, calls, failures and latency of model calls, from the view `calls`. A call is counted by
// its outcome: the ResponseReceived of choice 0, or a ResponseFailed; what came from a cache or the
// record is a call that spent no tokens.

enum class UsageDimension : std::uint8_t { day, user, session, provider, model };

/// Groups in one answer; more is an error that says so.
inline constexpr std::size_t kUsageGroupsMax = 10'000;

/// Days are of `occurred_at`, in UTC.
struct UsageQuery {
  core::ProjectId project;
  std::vector<UsageDimension> group_by;  ///< in the order of the answer's keys; none twice
  // Filters; all that are given must hold. An empty text means "not known".
  std::optional<std::string> user;     ///< the text; compared by keyed hash
  std::optional<std::string> session;  ///< name of the stream without `session-`
  std::optional<std::string> provider;
  std::optional<std::string> model;
  std::optional<std::chrono::sys_days> from;  ///< first day; leaves undated calls out
  std::optional<std::chrono::sys_days> to;    ///< last day, inclusive; likewise
  query::CostHook cost;                       ///< empty: costs are not told
  query::CostHook as_model;  ///< what the calls would have cost otherwise; empty: likewise
  /// Asked now and then during the scan; false ends it with `timed_out`. May be empty.
  std::function<bool()> keep_going;
};

/// Over the calls that a provider served, and those that it did not have to.
struct CostSums {
  std::optional<events::pricing::WidePicoUsd> cost;      ///< nothing: no call has a price
  std::optional<events::pricing::WidePicoUsd> saved;     ///< what the others would have cost
  std::optional<events::pricing::WidePicoUsd> as_model;  ///< of `cost`'s calls
  std::uint64_t calls_unpriced = 0;        ///< usage is known, and nothing of it has a price
  std::uint64_t calls_partly_priced = 0;   ///< some of it has none and is left out
  std::uint64_t calls_cost_estimated = 0;  ///< a rate was assumed, or the usage is an estimate
  bool operator==(const CostSums&) const = default;
};

/// Microseconds over the calls that say it.
struct DurationSums {
  std::uint64_t count = 0;
  std::uint64_t sum_us = 0;
  std::uint64_t min_us = 0;  ///< meaningless while count is 0
  std::uint64_t max_us = 0;
  bool operator==(const DurationSums&) const = default;
};

struct UsageSums {
  std::uint64_t calls = 0;                ///< with an outcome, good or bad
  std::uint64_t failures = 0;             ///< of `calls`
  std::uint64_t calls_without_usage = 0;  ///< of `calls`: `tokens` knows nothing of these
  std::uint64_t calls_estimated = 0;      ///< of `calls`: their tokens are an estimate
  events::Usage tokens;                   ///< by disjoint class; absent: no call said anything
  DurationSums latency;
  DurationSums ttft;
  std::optional<CostSums> costs;  ///< where the query has prices
  bool operator==(const UsageSums&) const = default;
};

/// What one group has in common along one dimension.
struct UsageKey {
  enum class Kind : std::uint8_t {
    known,    ///< `text` says it; for a day `2026-11-21`
    unknown,  ///< the source did not say
    erased    ///< a user whose name is gone; `id` still tells groups apart
  };
  Kind kind = Kind::unknown;
  std::string text;
  std::string id;  ///< a user's keyed hash in hex; empty for other dimensions
  bool operator==(const UsageKey&) const = default;
};

struct UsageGroup {
  std::vector<UsageKey> keys;  ///< one per dimension asked for
  UsageSums sums;
};

struct UsageAnswer {
  std::vector<UsageDimension> group_by;
  /// By day first when grouped by it (undated last), then most calls first, then by key.
  std::vector<UsageGroup> groups;
  UsageSums total;
  std::uint64_t undated_calls_left_out = 0;  ///< calls without a day, when from or to is given
  core::Position checkpoint;                 ///< the position the answer reflects
};

/// Answers from the rows of `model`, the view `calls`, with names of users read from `log`.
/// Cost: one scan of the project's calls; segments that lie before or after the days asked for, or
/// have nothing that the filters name, are passed over.
/// Errors: invalid_argument (a dimension twice, from after to), too_large (over kUsageGroupsMax),
/// timed_out (`keep_going`), and what model and log report.
core::Result<UsageAnswer> query_usage(const core::ReadModel& model, const core::EventLog& log,
                                      const core::KeyedHash& keyed_hash, const UsageQuery& query);

std::string_view to_word(UsageDimension dimension);
/// `day`, `user`, `session`, `provider`, `model`. Errors: invalid_argument with field `group_by`.
core::Result<UsageDimension> parse_usage_dimension(std::string_view text);
/// `2026-11-21`. Errors: invalid_argument with the field given.
core::Result<std::chrono::sys_days> parse_day(std::string_view text, std::string_view field);

}  // namespace hansard::projections
