#include "event_body.h"

#include <algorithm>
#include <mutex>
#include <utility>

#include "event_json.h"

namespace hansard::http {

bool EventFilter::wants(const core::RecordedEvent& event) const {
  return event.project == project.text() && (!stream || event.stream == *stream) &&
         (types.empty() || std::find(types.begin(), types.end(), event.type) != types.end());
}

/// Shared with the pool and the log: either may come when the client is gone already.
struct EventBody::State : std::enable_shared_from_this<State> {
  State(core::EventLog& of, Pool& on, EventFilter wanted, core::Position from, bool endless)
      : log(of), pool(on), filter(std::move(wanted)), follow(endless), position(from) {}

  using Done = std::function<void(core::Result<std::string>)>;

  void post_read(Done done) {
    // At most one per connection, so that the bound is the number of connections.
    pool.post([self = shared_from_this(), done = std::move(done)] { self->read(done); });
  }

  /// On the pool, one at a time.
  void read(const Done& done) {
    {
      const std::lock_guard lock(mutex);
      if (gone) return;
    }
    std::string piece;
    std::size_t seen = 0;
    bool full = false;
    auto reached = log.read(position, [&](const core::RecordedEvent& event) {
      if (filter.wants(event)) {
        append_event_json(event, piece);
        piece.push_back('\n');
        if (filter.limit && --*filter.limit == 0) limit_reached = true;
      }
      full = limit_reached || piece.size() >= kPieceBytes || ++seen >= kScanEvents;
      return !full;
    });
    if (!reached) return done(std::move(reached.error()));
    position = *reached;
    if (!piece.empty() || limit_reached) return done(std::move(piece));
    if (full) return post_read(done);
    if (!follow) return done(std::string());
    {
      const std::lock_guard lock(mutex);
      if (log.end() <= position) {
        waiting = done;
        return;
      }
    }
    post_read(done);
  }

  /// On a thread of the log.
  void advanced() {
    Done done;
    {
      const std::lock_guard lock(mutex);
      if (gone || !waiting) return;
      done = std::exchange(waiting, nullptr);
    }
    post_read(std::move(done));
  }

  core::EventLog& log;
  Pool& pool;
  EventFilter filter;
  const bool follow;
  core::Position position;  ///< of the next event to look at; only the running read uses it
  bool limit_reached = false;

  std::mutex mutex;
  Done waiting;  ///< asked for, while there is nothing
  bool gone = false;
};

EventBody::EventBody(core::EventLog& log, Pool& pool, EventFilter filter, core::Position from,
                     bool follow)
    : state_(std::make_shared<State>(log, pool, std::move(filter), from, follow)) {
  if (follow) {
    subscription_ = log.subscribe([state = state_](core::Position) { state->advanced(); });
  }
}

EventBody::~EventBody() {
  const std::lock_guard lock(state_->mutex);
  state_->gone = true;
  state_->waiting = nullptr;
}

void EventBody::next(std::function<void(core::Result<std::string>)> done) {
  if (state_->limit_reached) return done(std::string());
  state_->post_read(std::move(done));
}

bool EventBody::endless() const { return state_->follow; }

}  // namespace hansard::http
