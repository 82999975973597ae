#pragma once

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <vector>

#include "core/event_log.h"

namespace hansard::rocks {

/// An append on its way to the sequencer.
struct Queued {
  core::AppendRequest request;
  core::AppendDone done;
  std::size_t bytes = 0;  ///< facts and content
};

/// Appends waiting for the sequencing thread: many producers, one consumer, bounded in number and
/// bytes. Thread-safe.
class RequestQueue {
 public:
  RequestQueue(std::size_t requests_max, std::size_t bytes_max)
      : requests_max_(requests_max), bytes_max_(bytes_max) {}

  enum class Pushed : std::uint8_t { yes, full, closed };
  /// Leaves `queued` alone unless it says yes.
  Pushed push(Queued& queued);

  /// Waits for requests, a `wake` or `close`, and swaps all of them into `out` (which must be
  /// empty). They count against the bounds until the next call. @return false once closed.
  bool take(std::vector<Queued>& out);
  /// The same, waiting at most `pause`.
  bool take_within(std::vector<Queued>& out, std::chrono::milliseconds pause);
  /// Ends a wait of the consumer without a request.
  void wake();
  void close();

  struct Depth {
    std::size_t requests = 0;
    std::size_t bytes = 0;
  };
  [[nodiscard]] Depth depth() const;

 private:
  bool swap_out(std::vector<Queued>& out);
  [[nodiscard]] bool ready() const { return !waiting_.empty() || woken_ || closed_; }

  const std::size_t requests_max_;
  const std::size_t bytes_max_;
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  // All below is guarded by mutex_.
  std::vector<Queued> waiting_;
  std::size_t waiting_bytes_ = 0;
  Depth taken_;  ///< handed out by the last `take`
  bool consumer_waits_ = false;
  bool woken_ = false;
  bool closed_ = false;
};

}  // namespace hansard::rocks
