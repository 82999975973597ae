#pragma once

#include <cstdint>
#include <limits>
#include <optional>
#include <string_view>
#include <vector>

#include "core/ids.h"
#include "core/projection.h"
#include "core/time.h"
#include "events/experiment/analysis.h"
#include "events/experiment/state.h"
#include "projections/query/query.h"

namespace hansard::projections {

/// What an experiment has come to.
struct ExperimentReport {
  events::experiment::Seen seen;
  events::experiment::Analysis analysis;
  std::vector<std::uint64_t> exposed;  ///< units, of the variants
  /// Units that were met but not exposed: all their calls were refused or came from a cache, or
  /// somebody sent outcomes of them. Nothing of theirs is counted but these.
  std::uint64_t never_exposed = 0;
  std::uint64_t unexpected_outcomes = 0;  ///< and scores, of units that were not exposed by then
  std::uint64_t corrected = 0;            ///< values that a later revision took the place of
  std::uint64_t rows = 0;                 ///< of the view that are of the experiment
  // When the server recorded them.
  std::optional<core::Timestamp> first_exposure, latest_exposure;
};

struct ReportOptions {
  /// Counts what lies before; at most what the view has.
  core::Position as_of{std::numeric_limits<std::uint64_t>::max()};
  query::CostHook costs = {};  ///< for the metric `cost_usd`; without it no call has a price
};

/// Units times eight bytes times two are kept a metric; metrics that do not fit together are taken
/// one after another.
inline constexpr std::size_t kReportBytesMax = std::size_t{512} << 20;
/// Exposures from one look at the sample ratio to the next; the least p along the way is told.
inline constexpr std::uint64_t kSampleRatioStep = 100;

/// Reads the rows of one experiment in one pass and analyses what it finds. What each metric is of:
///   scores and outcomes  values of that name; true is 1; with `category`, whether it is that text;
///                        anything else counts as unusable. A correction takes the place of what it
///                        corrects, and for `last` it is the latest.
///   calls                of those that were sent to a provider (cached ones and those refused
///                        before their unit was exposed are counted apart): `errors` those that
///                        failed, every attempt a call; `tokens` of all classes; `cost_usd` by the
///                        price when they happened
/// and per unit, by the aggregate: mean, sum, last, or for a ratio the sum over the number of its
/// calls (of scores: of its values).
/// @param observations  the view of that name; `seen.position` is where it stands, or `as_of`
/// @param state         as of the same moment, with a plan
/// Errors: too_large (more units than kReportBytesMax allows), corruption, those of the costs.
/// Cost: some 50 ns a row; README has numbers. Threads: safe to call concurrently.
core::Result<ExperimentReport> experiment_report(const core::ReadModel& observations,
                                                 const core::ProjectId& project,
                                                 std::string_view name,
                                                 const events::ExperimentState& state,
                                                 const ReportOptions& options = {});

}  // namespace hansard::projections
