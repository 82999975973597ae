#pragma once

#include "outcome.h"
#include "prompt.h"

namespace hansard::gateway {

/// Gives an answer that does not say what it used the tokens that its texts and those of its
/// request are estimated at (`usage_source` says so; `raw_usage` stays absent, so the answer
/// rebuilds as it came). Answers that say it, and failures, stay as they are.
/// Cost: a pass over what was said, 2 ns a byte.
void estimate_usage(const Prompt& prompt, Outcome& outcome);

}  // namespace hansard::gateway
