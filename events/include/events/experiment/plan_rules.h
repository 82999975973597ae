#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/hash.h"
#include "core/ids.h"
#include "core/result.h"
#include "events/experiment/facts.h"
#include "events/json.h"

/// From what people send to a plan that says everything.
namespace hansard::events {

/// A plan as somebody asked for it.
struct AskedPlan {
  std::string name;
  ExperimentCreated plan;  ///< with every default filled in
  bool start = false;      ///< at once
};

/// Reads the body of `POST /v1/experiments`:
///   {"name":"greeting","metric":"thumbs",
///    "variants":[{"name":"a","prompt":"greeting@1"},
///                {"name":"b","prompt":"greeting@2","model":"gpt-4o","weight":0.5}]}
/// Beside the fields of `ExperimentCreated`: weights are parts of 1 (`share` is not taken), absent
/// everywhere they are equal; `coverage` is a part of 1; a prompt is `name@version` or an object; a
/// metric is a name or an object; `eligibility.tags` are words; `start` begins at once.
/// Defaults: unit user, equal weights, coverage 1, seed the name, guardrail errors with margin 0
/// (unless a list is given, or errors are the metric), minimum sample kMinimumSample, alpha kAlpha,
/// no horizon, automatic true; of metrics as `metric.h` says.
/// Errors: invalid_argument naming the field; too_large.
core::Result<AskedPlan> read_plan(Json body, const core::ProjectId& project,
                                  const core::KeyedHash& hash);

/// How units are to be spread from now on.
struct AskedShares {
  std::vector<std::uint32_t> shares;  ///< in the order of the variants
  std::uint32_t coverage = kCoverage;
  std::optional<std::string> comment;
};

/// Reads the body of `POST /v1/experiments/{name}/weights`: `weights` by the names of all variants,
/// or a list in their order; `coverage`, absent: as it is; `comment`.
/// Errors: invalid_argument; rejected (a field of the plan that cannot change, by name).
/// @pre `now` is of the plan
core::Result<AskedShares> read_shares(Json body, const ExperimentCreated& plan,
                                      std::uint32_t coverage_now,
                                      const std::vector<std::uint32_t>& shares_now);

/// What is legal and yet worth a second look, in words: variants that are the same, a sample too
/// small for the horizon, a provider without a model, ...
std::vector<std::string> remarks(const ExperimentCreated& plan);

/// Whole parts of kSharesWhole; the first variants get what does not divide.
std::vector<std::uint32_t> equal_shares(std::size_t variants);

/// Is the call one that the plan means? `tag_hashes` as in facts. An absent plan asks nothing.
struct CallTraits {
  std::string_view agent;
  std::string_view model;  ///< that the client asks for
  std::string_view provider;
  const StringMap* tag_hashes = nullptr;
};
bool eligible(const std::optional<Eligibility>& who, const CallTraits& call);

}  // namespace hansard::events
