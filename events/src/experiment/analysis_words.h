#pragma once

#include "events/experiment/analysis.h"

namespace hansard::events::experiment {

/// Says the decision and what should be known about it. @pre all of `analysis` but the reasons.
std::vector<std::string> in_words(const ExperimentCreated& plan, const Seen& seen,
                                  const Analysis& analysis);

}  // namespace hansard::events::experiment
