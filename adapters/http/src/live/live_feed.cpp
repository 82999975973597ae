#include "live/live_feed.h"

#include <algorithm>
#include <deque>
#include <mutex>
#include <optional>
#include <utility>

namespace hansard::http {

/// Shared with the pool and the tail: either may come when the client is gone already. The hub is
/// not kept here, since its thread may be the last to let go of this.
class LiveFeed::State final : public LiveMember, public std::enable_shared_from_this<State> {
 public:
  State(const std::shared_ptr<LiveHub>& hub, EventFilter filter, core::Position from)
      : hub_(hub),
        context_(hub->context),
        queue_events_(context_.limits[Limit::live_queue_events]),
        queue_bytes_(context_.limits[Limit::live_queue_bytes]),
        filter_(std::move(filter)),
        position_(from) {
    if (filter_.streams.size() == 1) {
      const auto stream = core::StreamId::parse(filter_.streams.front());
      if (stream) stream_ = *stream;
    }
  }

  void next(Done done) {
    std::unique_lock lock(mutex_);
    if (failure_) return done(*failure_);
    if (limit_reached_) return done(Frames{});
    if (!live_) {
      lock.unlock();
      return post_read(std::move(done));
    }
    Frames frames = take();
    if (frames.empty()) {
      waiting_ = std::move(done);
      return;
    }
    lock.unlock();
    done(std::move(frames));
  }

  void leave() {
    const std::lock_guard lock(mutex_);
    gone_ = true;
    live_ = false;
    waiting_ = nullptr;
    queue_.clear();
  }

  [[nodiscard]] const EventFilter& filter() const override { return filter_; }

  bool offer(const Frames& frames, core::Position reached) override {
    std::unique_lock lock(mutex_);
    if (!live_ || behind_) return false;
    for (const LiveFrame& frame : frames) {
      if (!has_room(*frame.text)) {
        behind_ = true;
        position_ = core::Position{frame.next.value - 1};
        break;
      }
      queued_bytes_ += frame.text->size();
      queue_.push_back(frame);
    }
    if (!behind_) position_ = std::max(position_, reached);
    const bool stays = !behind_;
    hand_out(std::move(lock));
    return stays;
  }

  bool tick() override {
    std::unique_lock lock(mutex_);
    if (!live_ || behind_) return false;
    checkpoint_due_ = std::exchange(quiet_, true);
    hand_out(std::move(lock));
    return true;
  }

  void fail(const core::Error& error) override {
    std::unique_lock lock(mutex_);
    failure_ = error;
    const Done done = std::exchange(waiting_, nullptr);
    lock.unlock();
    if (done) done(error);
  }

 private:
  [[nodiscard]] bool has_room(const std::string& text) const {
    return queue_.empty() ||
           (queue_.size() < queue_events_ && queued_bytes_ + text.size() <= queue_bytes_);
  }

  void hand_out(std::unique_lock<std::mutex> lock) {
    if (!waiting_) return;
    Frames frames = take();
    if (frames.empty()) return;
    const Done done = std::exchange(waiting_, nullptr);
    lock.unlock();
    done(std::move(frames));
  }

  /// What may be sent now. @pre live, and the lock is held.
  Frames take() {
    Frames frames;
    std::size_t bytes = 0;
    while (!queue_.empty() && bytes < kPieceBytes && !limit_reached_) {
      bytes += queue_.front().text->size();
      queued_bytes_ -= queue_.front().text->size();
      count_event();
      frames.push_back(std::move(queue_.front()));
      queue_.pop_front();
    }
    if (frames.empty() && behind_) {
      behind_ = live_ = false;
      context_.metrics.live_fell_behind();
      frames.push_back(fell_behind_frame(position_, context_.log.end()));
    }
    const bool far = position_.value >= told_.value + kScanEvents;
    if (frames.empty() && (far || checkpoint_due_)) frames.push_back(checkpoint_frame(position_));
    if (!frames.empty()) {
      told_ = std::max(told_, frames.back().next);
      checkpoint_due_ = quiet_ = false;
    }
    return frames;
  }

  void count_event() {
    if (filter_.limit && --*filter_.limit == 0) limit_reached_ = true;
  }

  void post_read(Done done) {
    // At most one per connection, so that the bound is the number of connections.
    context_.blocking.post(
        [self = shared_from_this(), done = std::move(done)] { self->read(done); });
  }

  /// On the pool, one at a time, while not live: nobody else touches `position_` then.
  void read(const Done& done) {
    {
      const std::lock_guard lock(mutex_);
      if (gone_) return;
    }
    Frames frames;
    const auto whole = stream_ ? read_stream(frames) : read_log(frames);
    if (!whole) return done(whole.error());
    const bool catches_up = *whole && !limit_reached_;
    if (catches_up) {
      frames.push_back(caught_up_frame(position_));
    } else if (frames.empty()) {
      frames.push_back(checkpoint_frame(position_));
    }
    {
      const std::lock_guard lock(mutex_);
      told_ = std::max(told_, frames.back().next);
      if (gone_) return;
      live_ = catches_up;
    }
    const std::shared_ptr<LiveHub> hub = hub_.lock();
    if (catches_up && hub) hub->tail.join(weak_from_this(), position_);
    done(std::move(frames));
  }

  /// Adds what is wanted. @return true at the end of the log.
  core::Result<bool> read_log(Frames& frames) {
    std::size_t bytes = 0;
    std::size_t seen = 0;
    bool cut = false;
    const auto reached = context_.log.read(position_, [&](const core::RecordedEvent& event) {
      cut = !keep(event, frames, bytes) || ++seen >= kScanEvents;
      return !cut;
    });
    if (!reached) return reached.error();
    position_ = std::max(position_, *reached);
    return !cut;
  }

  /// The same through the index of the one stream that is wanted: a session's last events are found
  /// without reading everybody's.
  core::Result<bool> read_stream(Frames& frames) {
    const core::Position end = context_.log.end();
    std::size_t bytes = 0;
    std::size_t seen = 0;
    bool cut = false;
    const auto reached = context_.log.read_stream(
        filter_.project, *stream_, version_, [&](const core::RecordedEvent& event) {
          if (event.position < position_) return true;  // before `from`
          position_ = core::Position{event.position.value + 1};
          cut = !keep(event, frames, bytes) || ++seen >= kScanEvents;
          return !cut;
        });
    if (!reached) return reached.error();
    version_ = *reached;
    if (!cut) position_ = std::max(position_, end);
    return !cut;
  }

  /// @return false when this was enough for one go.
  bool keep(const core::RecordedEvent& event, Frames& frames, std::size_t& bytes) {
    if (!filter_.wants(event)) return true;
    frames.push_back(event_frame(event));
    bytes += frames.back().text->size();
    count_event();
    return !limit_reached_ && bytes < kPieceBytes;
  }

  const std::weak_ptr<LiveHub> hub_;
  const Context& context_;
  const std::uint64_t queue_events_;
  const std::uint64_t queue_bytes_;
  EventFilter filter_;  ///< constant but for `limit`
  std::optional<core::StreamId> stream_;
  core::Version version_;  ///< of `stream_`, to read next

  std::mutex mutex_;
  /// Catching up: of the next event to look at. Live: everything below is in the queue or
  /// unwanted. Behind: of the first event that was dropped.
  core::Position position_;
  bool live_ = false;    ///< served by the tail
  bool behind_ = false;  ///< the tail gave up on us; what is queued is still sent
  std::deque<LiveFrame> queue_;
  std::size_t queued_bytes_ = 0;
  core::Position told_;  ///< `next` of the last frame handed out
  bool quiet_ = false;   ///< nothing was handed out since the last tick
  bool checkpoint_due_ = false;
  bool limit_reached_ = false;
  std::optional<core::Error> failure_;
  Done waiting_;  ///< asked for, while there is nothing
  bool gone_ = false;
};

LiveFeed::LiveFeed(std::shared_ptr<LiveHub> hub, EventFilter filter, core::Position from)
    : hub_(std::move(hub)), state_(std::make_shared<State>(hub_, std::move(filter), from)) {
  hub_->context.metrics.live_subscribed(1);
}

LiveFeed::~LiveFeed() {
  state_->leave();
  hub_->context.metrics.live_subscribed(-1);
}

void LiveFeed::next(Done done) { state_->next(std::move(done)); }

}  // namespace hansard::http
