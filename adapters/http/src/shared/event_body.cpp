#include "shared/event_body.h"

#include <algorithm>
#include <mutex>
#include <utility>

#include "shared/event_json.h"

namespace hansard::http {

bool EventFilter::wants(const core::RecordedEvent& event) const {
  const auto named = [](const std::vector<std::string>& list, std::string_view name) {
    return list.empty() || std::find(list.begin(), list.end(), name) != list.end();
  };
  return event.project == project.text() && named(streams, event.stream) &&
         named(types, event.type);
}

/// Shared with the pool, which may come when the client is gone already.
struct EventBody::State : std::enable_shared_from_this<State> {
  State(core::EventLog& of, Pool& on, EventFilter wanted, core::Position from, core::Position until)
      : log(of), pool(on), filter(std::move(wanted)), position(from), end(until) {}

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
    if (position >= end) return done(std::string());
    std::string piece;
    std::size_t seen = 0;
    bool full = false;
    auto reached = log.read(position, [&](const core::RecordedEvent& event) {
      if (event.position >= end) return false;  // recorded while the client was reading
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
    if (!piece.empty() || limit_reached || !full) return done(std::move(piece));
    post_read(done);
  }

  core::EventLog& log;
  Pool& pool;
  EventFilter filter;
  core::Position position;  ///< of the next event to look at; only the running read uses it
  const core::Position end;
  bool limit_reached = false;

  std::mutex mutex;
  bool gone = false;
};

EventBody::EventBody(core::EventLog& log, Pool& pool, EventFilter filter, core::Position from,
                     core::Position end)
    : state_(std::make_shared<State>(log, pool, std::move(filter), from, end)) {}

EventBody::~EventBody() {
  const std::lock_guard lock(state_->mutex);
  state_->gone = true;
}

void EventBody::next(std::function<void(core::Result<std::string>)> done) {
  if (state_->limit_reached) return done(std::string());
  state_->post_read(std::move(done));
}

}  // namespace hansard::http
