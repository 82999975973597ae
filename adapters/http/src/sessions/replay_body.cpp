#include "sessions/replay_body.h"

#include <algorithm>
#include <deque>
#include <mutex>
#include <optional>
#include <string>
#include <utility>

#include "http/json_out.h"

namespace hansard::http {

using std::chrono::microseconds;
using std::chrono::steady_clock;

/// Shared with the pool and the waits: either may come when the client is gone already.
class ReplayBody::State : public std::enable_shared_from_this<State> {
 public:
  using Done = std::function<void(core::Result<std::string>)>;

  State(core::EventLog& log, Pool& pool, const std::shared_ptr<Waits>& waits, Replay replay,
        LiveForm form)
      : log_(log),
        pool_(pool),
        waits_(waits),
        replay_(std::move(replay)),
        form_(form),
        version_(replay_.from) {}

  void next(Done done) {
    // At most one per connection, so that the bound is the number of connections.
    pool_.post([self = shared_from_this(), done = std::move(done)] { self->go_on(done); });
  }

  void leave() {
    Waits::Then wake;
    {
      const std::lock_guard lock(mutex_);
      gone_ = true;
      wake = std::exchange(call_off_, nullptr);
    }
    if (wake) wake(core::Error{core::Errc::cancelled, "the client went"});
  }

 private:
  struct Item {
    std::string text;
    std::string id;
    microseconds gap;
  };

  [[nodiscard]] bool gone() {
    const std::lock_guard lock(mutex_);
    return gone_;
  }

  /// On the pool, one at a time, as are all that follow.
  void go_on(const Done& done) {
    if (gone()) return;
    if (ended_) return done(std::string());
    if (ahead_.empty() && !complete_) {
      if (const core::Status read = read_ahead(); !read) return done(read.error());
    }
    if (ahead_.empty()) {
      ended_ = true;
      return done(end_text());
    }
    const auto due = told_at_ + ahead_.front().gap;
    if (due <= steady_clock::now()) return done(take());
    const std::shared_ptr<Waits> waits = waits_.lock();
    if (!waits) return;
    std::uint64_t turn = 0;
    {
      const std::lock_guard lock(mutex_);
      turn = ++turn_;
    }
    waits->until(
        due,
        [this, turn](Waits::Then ready) -> std::unique_ptr<core::Subscription> {
          std::unique_lock lock(mutex_);
          if (turn != turn_) return nullptr;  // over already
          if (!gone_) {
            call_off_ = std::move(ready);
            return nullptr;
          }
          lock.unlock();
          ready(core::Error{core::Errc::cancelled, "the client went"});
          return nullptr;
        },
        [self = shared_from_this(), done](const core::Status& status) {
          self->woken(status, done);
        });
  }

  void woken(const core::Status& status, const Done& done) {
    {
      const std::lock_guard lock(mutex_);
      ++turn_;
      call_off_ = nullptr;
      if (gone_) return;
    }
    // Only the time was waited for.
    const bool due = !status && status.error().code == core::Errc::timed_out;
    if (!due)
      return done(status ? core::Error{core::Errc::internal, "woken for nothing"} : status.error());
    done(take());
  }

  core::Status read_ahead() {
    std::size_t bytes = 0;
    bool full = false;
    const auto reached = log_.read_stream(
        replay_.project, replay_.stream, version_, [&](const core::RecordedEvent& event) {
          if (event.version > replay_.to) return false;
          const Happened time{event.recorded_at, event.occurred_at};
          const microseconds gap =
              last_ ? gap_between(*last_, time, replay_.pace) : microseconds(0);
          last_ = time;
          version_ = core::Version{event.version.value + 1};
          ahead_.push_back({*event_frame(event).text, std::to_string(event.version.value), gap});
          bytes += ahead_.back().text.size();
          full = ahead_.size() >= kAheadEvents || bytes >= kAheadBytes;
          return !full;
        });
    if (!reached) return reached.error();
    complete_ = !full;
    return core::Ok{};
  }

  /// The next event, and those that happened with it.
  std::string take() {
    std::string piece(std::exchange(begun_, true) ? "" : live_prologue(form_));
    do {
      append(ahead_.front().text, ahead_.front().id, {}, piece);
      ahead_.pop_front();
    } while (!ahead_.empty() && ahead_.front().gap.count() == 0 && piece.size() < kAheadBytes);
    // From when it is told, not from when it was due: a client that was held up gets no burst.
    told_at_ = steady_clock::now();
    return piece;
  }

  std::string end_text() {
    JsonOut json;
    json.object().member("frame", "end").member("next", version_.value).end_object();
    std::string piece(std::exchange(begun_, true) ? "" : live_prologue(form_));
    append(json.take(), std::to_string(version_.value - 1), "end", piece);
    return piece;
  }

  void append(const std::string& text, const std::string& id, std::string_view name,
              std::string& out) const {
    if (form_ == LiveForm::sse) return append_sse(name, id, text, out);
    out.append(text).push_back('\n');
  }

  core::EventLog& log_;
  Pool& pool_;
  const std::weak_ptr<Waits> waits_;  ///< its thread may be the last to let go of this
  const Replay replay_;
  const LiveForm form_;
  core::Version version_;  ///< to read next
  std::optional<Happened> last_;
  std::deque<Item> ahead_;
  steady_clock::time_point told_at_ = steady_clock::now();
  bool begun_ = false;
  bool complete_ = false;  ///< all of it was read
  bool ended_ = false;     ///< and told

  std::mutex mutex_;
  bool gone_ = false;
  std::uint64_t turn_ = 0;  ///< counts waits, their beginnings and ends
  Waits::Then call_off_;
};

ReplayBody::ReplayBody(core::EventLog& log, Pool& pool, std::shared_ptr<Waits> waits, Replay replay,
                       LiveForm form)
    : waits_(std::move(waits)),
      state_(std::make_shared<State>(log, pool, waits_, std::move(replay), form)) {}

ReplayBody::~ReplayBody() { state_->leave(); }

void ReplayBody::next(std::function<void(core::Result<std::string>)> done) {
  state_->next(std::move(done));
}

}  // namespace hansard::http
