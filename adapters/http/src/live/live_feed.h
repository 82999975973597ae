#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "http/context.h"
#include "live/live_tail.h"

namespace hansard::http {

/// What followed logs of one server share. Outlives no request that uses it: shared by the routes
/// and by every feed.
struct LiveHub {
  explicit LiveHub(const Context& of)
      : context(of), tail(of.log, of.limits.duration(Limit::live_checkpoint_ms)) {}
  const Context& context;
  LiveTail tail;
};

/// One subscriber's view of the log: first the past, read on the pool at the subscriber's pace;
/// then, once it has caught up, the shared tail through a bounded queue (`live_queue_events`,
/// `live_queue_bytes`). When the queue runs over the rest is dropped, a `fell_behind` frame says
/// so, and it goes on by reading the log, until it catches up again: nothing is lost, nobody waits
/// for it, and a subscriber that never reads costs its queue. Threads: `next` is called by one
/// thread at a time; its answers come from any thread.
class LiveFeed {
 public:
  /// Bytes handed out in one go; a single event may be larger.
  static constexpr std::size_t kPieceBytes = 64U << 10;
  /// Events looked at in one go; then a `checkpoint` tells how far it is although nothing matched.
  static constexpr std::size_t kScanEvents = 4096;

  LiveFeed(std::shared_ptr<LiveHub> hub, EventFilter filter, core::Position from);
  ~LiveFeed();
  LiveFeed(const LiveFeed&) = delete;
  LiveFeed& operator=(const LiveFeed&) = delete;

  using Frames = std::vector<LiveFrame>;
  using Done = std::function<void(core::Result<Frames>)>;
  /// Asks for the next frames; never asked again before it answered. Nothing: `limit` events were
  /// handed out, and that was the end. Errors: those of reading the log.
  void next(Done done);

 private:
  class State;
  const std::shared_ptr<LiveHub> hub_;
  const std::shared_ptr<State> state_;
};

}  // namespace hansard::http
