#pragma once

#include <string>
#include <utility>
#include <vector>

#include "meter.h"
#include "verdicts.h"

namespace hansard::bench {

/// What was measured, in order of its first appearance: numbers, and numbers with a bar.
class Board {
 public:
  /// One more value of a number that nothing is promised about.
  void note(const std::string& what, double value);
  void at_least(const std::string& what, double bar, double value);
  void at_most(const std::string& what, double bar, double value);
  /// The two quantiles everybody asks for.
  void latencies(const std::string& what, Latencies& all);
  /// How much of the machine others had; to tell disturbed rounds.
  void disturbance(const std::string& during, const Usage& usage);

  /// Medians, ranges and verdicts of everything.
  void print() const;

 private:
  void add(const std::string& what, bool at_least, double bar, double value);
  std::vector<Bar> bars_;
};

}  // namespace hansard::bench
