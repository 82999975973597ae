#pragma once

#include <span>
#include <vector>

namespace hansard::events::experiment {

/// p values of tests that belong together, each raised so that comparing it with alpha keeps the
/// promise for all of them. In the order given.

/// No false alarm among all of them, with probability 1 - alpha (Holm 1979).
std::vector<double> holm(std::span<const double> p);
/// At most alpha of the alarms are false, on average (Benjamini and Hochberg 1995).
std::vector<double> benjamini_hochberg(std::span<const double> p);

}  // namespace hansard::events::experiment
