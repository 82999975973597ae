#pragma once

#include <cstddef>

namespace hansard::bench {

/// How much each benchmark of durable writes writes.
struct Sizes {
  std::size_t single_events = 96'000;        ///< closed loop, one event each
  std::size_t outstanding_events = 192'000;  ///< one event each, many on the way
  std::size_t batch_events = 240'000;        ///< 100 a request
  std::size_t syncs = 2'000;                 ///< of the bare file

  /// Enough to run every line once, not to measure.
  static Sizes tiny() { return {1'600, 3'200, 6'400, 20}; }
};

inline constexpr std::size_t kBatch = 100;  ///< events of one request, where requests are batches

// Each registers benchmarks; they run in the order of registration.
void register_disk(const Sizes& sizes);
void register_single_appends(const Sizes& sizes);  ///< ours and raw RocksDB's, alternating
void register_batches(const Sizes& sizes);         ///< likewise
void register_shares(const Sizes& sizes);
void register_core();

}  // namespace hansard::bench
