#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "reader.h"

namespace hansard::search {

/// Connections for searches: at most so many, opened when first needed. Closed while the database
/// is being replaced. Threads: safe to call concurrently.
class ReaderPool {
 public:
  explicit ReaderPool(std::size_t readers_max) : readers_max_(readers_max) {}
  ~ReaderPool() { close(); }
  ReaderPool(const ReaderPool&) = delete;
  ReaderPool& operator=(const ReaderPool&) = delete;

  /// A reader that goes back when this is destroyed.
  class Lease {
   public:
    Lease(ReaderPool& pool, std::unique_ptr<Reader> reader)
        : pool_(&pool), reader_(std::move(reader)) {}
    Lease(Lease&& other) noexcept = default;
    Lease& operator=(Lease&&) = delete;
    Lease(const Lease&) = delete;
    Lease& operator=(const Lease&) = delete;
    ~Lease() {
      if (reader_) pool_->give_back(std::move(reader_));
    }
    Reader& operator*() const { return *reader_; }
    Reader* operator->() const { return reader_.get(); }

   private:
    ReaderPool* pool_;
    std::unique_ptr<Reader> reader_;
  };

  /// From now on leases are of the database at `path`.
  void open(std::string path);
  /// Interrupts searches, waits until every lease is back, and closes all. Idempotent.
  void close();

  /// Waits for a free reader until `deadline`. Errors: unavailable (closed), timed_out, and what
  /// opening gives.
  core::Result<Lease> lease(std::chrono::steady_clock::time_point deadline);

 private:
  void give_back(std::unique_ptr<Reader> reader);

  const std::size_t readers_max_;
  std::atomic<bool> interrupted_{false};
  std::mutex mutex_;
  std::condition_variable changed_;
  bool open_ = false;  ///< guarded by mutex_, as all below
  std::string path_;
  std::size_t leased_ = 0;
  std::vector<std::unique_ptr<Reader>> free_;
};

}  // namespace hansard::search
