#pragma once

#include <limits>
#include <string>
#include <vector>

namespace hansard::bench {

/// Median, and where it could have been.
struct Spread {
  double median = 0;
  double min = 0;
  double max = 0;
};
/// @pre `values` is not empty.
Spread spread(std::vector<double> values);

/// What is promised of one number, and what was measured, a value a round.
struct Bar {
  std::string what;
  bool at_least = true;  ///< otherwise: at most
  double bar = 0;        ///< infinite: nothing is promised
  std::vector<double> values;

  static constexpr double kNone = std::numeric_limits<double>::infinity();
};

/// Prints each bar beside median and range; the median decides. Bars without values are left out.
void print_verdicts(const std::vector<Bar>& bars);

}  // namespace hansard::bench
