#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <vector>

namespace hansard::bench {

/// What a stretch of work took.
struct Usage {
  double seconds = 0;
  double cpu_seconds = 0;             ///< of all threads of this process
  double background_cpu_seconds = 0;  ///< of these, RocksDB's threads that flush and compact
  double others_percent = 0;          ///< share of the machine's CPU that other processes had
  std::uint64_t switches = 0;         ///< context switches of this process, voluntary and not
};

/// Measures from its construction to `stop`.
class Meter {
 public:
  Meter();
  [[nodiscard]] Usage stop() const;

 private:
  struct Reading {
    std::chrono::steady_clock::time_point time;
    double cpu_seconds = 0;
    double background_cpu_seconds = 0;
    std::uint64_t machine_busy = 0;  ///< in clock ticks, all processes
    std::uint64_t machine_total = 0;
    std::uint64_t switches = 0;
  };
  static Reading read();
  const Reading start_;
};

/// Durations of single operations, in microseconds.
class Latencies {
 public:
  void reserve(std::size_t count) { all_.reserve(count); }
  void add(std::chrono::steady_clock::duration took) {
    all_.push_back(std::chrono::duration<float, std::micro>(took).count());
  }
  void add(const Latencies& other) {
    all_.insert(all_.end(), other.all_.begin(), other.all_.end());
  }
  [[nodiscard]] std::size_t size() const { return all_.size(); }
  /// The smallest value that `fraction` of all are at most. 0 when there is none.
  [[nodiscard]] double quantile(double fraction);

 private:
  std::vector<float> all_;
};

}  // namespace hansard::bench
