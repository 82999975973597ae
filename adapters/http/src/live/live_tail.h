#pragma once

#include <chrono>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "core/event_log.h"
#include "live/live_frame.h"
#include "shared/event_body.h"

namespace hansard::http {

/// Somebody who follows the end of the log. Called by the tail's thread only; must not block.
class LiveMember {
 public:
  virtual ~LiveMember() = default;
  /// Does not change while it is a member.
  [[nodiscard]] virtual const EventFilter& filter() const = 0;
  /// `frames` are the wanted events among those up to `reached`, in order, none left out since the
  /// last call. @return false to leave the tail.
  virtual bool offer(const std::vector<LiveFrame>& frames, core::Position reached) = 0;
  /// Comes twice in a checkpoint period. @return as `offer`.
  virtual bool tick() = 0;
  /// The log cannot be read; the member is out.
  virtual void fail(const core::Error& error) = 0;
};

/// The one reader of new events, whatever the number of subscribers: each event is decoded and
/// printed once, and handed to those who want it as a shared text. Reads on a thread of its own,
/// not on the pool: a slow query must not delay what is live. That thread starts with the first
/// member and sleeps while there is none.
/// Threads: all members are safe to call concurrently.
class LiveTail {
 public:
  /// Events and bytes of one look at the log; then everybody is served before the next.
  static constexpr std::size_t kRoundEvents = 256;
  static constexpr std::size_t kRoundBytes = 4U << 20;

  /// `log` outlives this. @param checkpoint_every as the limit `live_checkpoint_ms`.
  LiveTail(core::EventLog& log, std::chrono::milliseconds checkpoint_every);
  ~LiveTail();
  LiveTail(const LiveTail&) = delete;
  LiveTail& operator=(const LiveTail&) = delete;

  /// From now on `member` is offered everything from `next` on, until it leaves or is destroyed.
  /// Cheap where `next` is close to the end: what lies between is read again for it.
  void join(std::weak_ptr<LiveMember> member, core::Position next);

 private:
  struct Seat {
    std::weak_ptr<LiveMember> member;
    core::Position next;                  ///< everything below has been offered
    std::shared_ptr<LiveMember> present;  ///< during a round
    std::vector<LiveFrame> batch;         ///< of the round
  };

  void run();
  /// One look at the log from `from` on. @return where the next begins.
  core::Position serve(std::vector<Seat>& seats, core::Position from);
  void advanced(core::Position end);

  core::EventLog& log_;
  const std::chrono::milliseconds tick_every_;

  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<Seat> arriving_;  ///< guarded by mutex_, as what follows
  core::Position end_;
  bool stopping_ = false;
  std::thread thread_;
  std::unique_ptr<core::Subscription> subscription_;  ///< of the thread, then of the destructor
};

}  // namespace hansard::http
