#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>

#include "rocksdb_store/store.h"

namespace hansard::rocks {

/// The numbers behind `Stats`, each written by one thread or added to atomically.
struct Counters {
  std::atomic<std::uint64_t> groups{0};
  std::atomic<std::uint64_t> requests{0};
  std::atomic<std::uint64_t> events{0};
  std::atomic<std::uint64_t> bytes{0};
  std::atomic<std::uint64_t> overloaded{0};
  std::atomic<std::uint64_t> out_of_space{0};
  std::atomic<std::uint64_t> commit_failures{0};
  std::atomic<std::uint64_t> reopened{0};
  std::atomic<std::uint64_t> head_cache_bytes{0};
  std::atomic<std::uint64_t> sync_us{0};
  std::array<std::atomic<std::uint64_t>, Stats::kSyncBuckets> sync_buckets{};
  std::atomic<bool> serving{true};

  void add_sync(std::chrono::steady_clock::duration took) {
    const auto us = static_cast<std::uint64_t>(
        std::chrono::duration_cast<std::chrono::microseconds>(took).count());
    sync_us.fetch_add(us, std::memory_order_relaxed);
    std::size_t bucket = 0;
    while (bucket + 1 < sync_buckets.size() && us >= std::uint64_t{64} << bucket) ++bucket;
    sync_buckets[bucket].fetch_add(1, std::memory_order_relaxed);
  }
};

}  // namespace hansard::rocks
