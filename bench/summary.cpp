#include "summary.h"

#include <cstdio>

namespace hansard::bench {
namespace {

/// "BM_X/threads:16/iterations:1/manual_time" is known as "BM_X/threads:16".
std::string plain_name(std::string name) {
  for (const char* suffix : {"/iterations:", "/min_time:", "/manual_time", "/real_time"}) {
    name = name.substr(0, name.find(suffix));
  }
  return name;
}

}  // namespace

bool Collector::ReportContext(const Context&) { return true; }

void Collector::ReportRuns(const std::vector<Run>& runs) {
  for (const Run& run : runs) {
    const std::string name = plain_name(run.benchmark_name());
    if (run.error_occurred) {
      std::printf("round %zu  %s: FAILED: %s\n", round_ + 1, name.c_str(),
                  run.error_message.c_str());
      failed_ = true;
      continue;
    }
    if (run.run_type != Run::RT_Iteration) continue;
    Numbers numbers;
    for (const auto& [counter, value] : run.counters) numbers[counter] = value;
    const auto iterations = static_cast<double>(run.iterations);
    if (numbers.count("events/s") == 0) {  // one of those that Google Benchmark repeats itself
      numbers["time_us"] = 1e6 * run.real_accumulated_time / iterations;
      numbers["cpu_us"] = 1e6 * run.cpu_accumulated_time / iterations;
    }
    std::printf("round %zu  %-62s", round_ + 1, name.c_str());
    for (const auto& [counter, value] : numbers) {
      std::printf("  %s=%.4g", counter.c_str(), value);
    }
    std::printf("\n");
    std::fflush(stdout);
    if (runs_.count(name) == 0) order_.push_back(name);
    runs_[name][round_] = std::move(numbers);
  }
}

std::optional<double> Collector::get(std::size_t round, const std::string& name,
                                     const std::string& number) const {
  const auto benchmark = runs_.find(name);
  if (benchmark == runs_.end()) return {};
  const auto numbers = benchmark->second.find(round);
  if (numbers == benchmark->second.end()) return {};
  const auto value = numbers->second.find(number);
  if (value == numbers->second.end()) return {};
  return value->second;
}

std::vector<Collector::Row> Collector::rows() const {
  std::vector<Row> rows;
  for (const std::string& name : order_) {
    Row row{name, {}};
    for (const auto& [round, numbers] : runs_.at(name)) {
      for (const auto& [number, value] : numbers) row.numbers[number].push_back(value);
    }
    rows.push_back(std::move(row));
  }
  return rows;
}

}  // namespace hansard::bench
