#pragma once

#include <memory>

#include "core/event_log.h"
#include "http/message.h"
#include "http/pace.h"
#include "http/pool.h"
#include "live/live_frame.h"
#include "shared/waits.h"

namespace hansard::http {

/// What is replayed, and how fast.
struct Replay {
  core::ProjectId project;
  core::StreamId stream;
  core::Version from;  ///< the first event told
  core::Version to;    ///< the last
  Pace pace;
};

/// A conversation as it happened: each event after the time that lay between it and the one before
/// (`gap_between`). At the end {"frame":"end","next":<version>}. As server-sent events `id` is the
/// version.
///
/// Nothing waits in a thread: `waits` wakes it, and when the client goes the wait is called off.
class ReplayBody final : public BodySource {
 public:
  /// Events read ahead at a time.
  static constexpr std::size_t kAheadEvents = 256;
  static constexpr std::size_t kAheadBytes = 64U << 10;

  /// What it refers to outlives this, and what it posted.
  ReplayBody(core::EventLog& log, Pool& pool, std::shared_ptr<Waits> waits, Replay replay,
             LiveForm form);
  ~ReplayBody() override;

  void next(std::function<void(core::Result<std::string>)> done) override;
  /// It lasts as long as the conversation did: a server that stops does not wait for that.
  [[nodiscard]] bool endless() const override { return true; }

 private:
  class State;
  const std::shared_ptr<Waits> waits_;
  const std::shared_ptr<State> state_;
};

}  // namespace hansard::http
