#pragma once

#include <string_view>

#include "events/json.h"
#include "projections/experiment_report.h"

namespace hansard::projections {

/// A report as answers and files have it; every number is finite. @pre the state has a plan
events::Json to_json(std::string_view name, const events::ExperimentState& state,
                     const ExperimentReport& report);

/// The numbers that a decision rests on, and the position they are of: what an event keeps as
/// evidence. Small: units and mean of the deciding metric, estimate, interval, p.
events::Json evidence_json(const events::ExperimentCreated& plan, const ExperimentReport& report);

}  // namespace hansard::projections
