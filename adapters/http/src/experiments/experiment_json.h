#pragma once

#include <string>
#include <vector>

#include "events/experiment/state.h"
#include "events/json.h"
#include "projections/experiment_directory.h"

/// Experiments as answers have them: in the words in which they are asked for, so shares are parts
/// of 1.
namespace hansard::http {

/// As `POST /v1/experiments` takes it, with every default.
events::Json plan_json(const events::ExperimentCreated& plan);
/// Weights by variant, coverage, edition.
void add_shares(events::Json& json, const events::ExperimentCreated& plan,
                const events::Shares& shares);
/// All but its history. @pre the state has a plan
events::Json experiment_json(const std::string& name, const events::ExperimentState& state);
/// What a variant changes in a call: members prompt, model, provider, parameters.
void add_changes(events::Json& json, const events::VariantPlan& variant);
events::Json listed_json(const projections::ListedExperiment& listed);
/// A number of kSharesWhole as a part of 1.
events::Json part_json(std::uint32_t share);

}  // namespace hansard::http
