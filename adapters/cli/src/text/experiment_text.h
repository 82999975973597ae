#pragma once

#include <cstddef>
#include <string>

#include "events/json.h"

namespace hansard::cli {

/// What `GET /v1/experiments/{name}/report` says, for people: who takes part, what each variant is,
/// every metric with its intervals as a plot of plain characters, the verdict and why. Pure.
/// @param columns  of the terminal, 0: unlimited
std::string experiment_text(const events::Json& report, std::size_t columns);

/// What `POST /v1/experiments/power` says.
std::string power_text(const events::Json& answer);

/// Where an interval lies: `[` lower, `*` estimate, `]` upper, `|` zero (`#` where the estimate
/// is).
/// @pre low < high; 8 columns or more
std::string interval_plot(double lower, double estimate, double upper, double low, double high,
                          std::size_t columns);

}  // namespace hansard::cli
