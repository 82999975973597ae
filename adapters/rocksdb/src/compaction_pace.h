#pragma once

#include <rocksdb/compaction_filter.h>

#include <atomic>
#include <chrono>
#include <cstddef>
#include <memory>

namespace hansard::rocks {

/// Keeps the compactions of an erasure from taking a processor, and the disk, away from appends:
/// after every step they rest, the longer the longer the step took. It does so from within, as a
/// filter that keeps everything, because RocksDB's own limiter would slow down flushes too, and the
/// priority of its threads can only be lowered for good.
/// Compactions that RocksDB begins by itself are left alone. Thread-safe.
class CompactionPace final : public rocksdb::CompactionFilterFactory {
 public:
  static constexpr std::size_t kStepBytes = 256U << 10;  ///< of keys and values, as they are read
  static constexpr int kRests = 2;  ///< so that a third of one processor is used, at most
  static constexpr std::chrono::milliseconds kRestMax{50};

  /// While one of these lives, compactions that were ordered go slowly.
  class Slow {
   public:
    explicit Slow(CompactionPace& pace) : pace_(pace) { ++pace_.slow_; }
    ~Slow() { --pace_.slow_; }
    Slow(const Slow&) = delete;
    Slow& operator=(const Slow&) = delete;

   private:
    CompactionPace& pace_;
  };

  [[nodiscard]] bool slow() const { return slow_.load(std::memory_order_relaxed) > 0; }

  const char* Name() const override { return "hansard.CompactionPace"; }
  /// Null for what needs no pace.
  std::unique_ptr<rocksdb::CompactionFilter> CreateCompactionFilter(
      const rocksdb::CompactionFilter::Context& context) override;

 private:
  std::atomic<int> slow_{0};
};

}  // namespace hansard::rocks
