#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "benchmark/benchmark.h"
#include "verdicts.h"

namespace hansard::bench {

/// Numbers of one benchmark in one round, by the counter's name; `time_us` and `cpu_us` are per
/// iteration.
using Numbers = std::map<std::string, double>;

/// Prints every run as it ends, and keeps its numbers for the summary.
class Collector final : public benchmark::BenchmarkReporter {
 public:
  void begin_round(std::size_t round) { round_ = round; }
  bool ReportContext(const Context& context) override;
  void ReportRuns(const std::vector<Run>& runs) override;

  [[nodiscard]] bool failed() const { return failed_; }
  /// What benchmark `name` counted as `number` in `round`; nothing when it did not run.
  [[nodiscard]] std::optional<double> get(std::size_t round, const std::string& name,
                                          const std::string& number) const;
  /// Every benchmark that ran, in order, each with its numbers over all rounds.
  struct Row {
    std::string name;
    std::map<std::string, std::vector<double>> numbers;
  };
  [[nodiscard]] std::vector<Row> rows() const;

 private:
  std::size_t round_ = 0;
  bool failed_ = false;
  std::vector<std::string> order_;
  std::map<std::string, std::map<std::size_t, Numbers>> runs_;
};

/// Prints medians and spreads of everything, then every bar beside what was measured.
void print_summary(const Collector& collector, std::size_t rounds);

}  // namespace hansard::bench
