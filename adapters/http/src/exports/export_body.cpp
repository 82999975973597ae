#include "exports/export_body.h"

#include <mutex>
#include <utility>

#include "exports/export_line.h"
#include "http/json_out.h"

namespace hansard::http {

using core::RecordedEvent;
using core::Status;

/// Shared with the pool, which may come when the client is gone already.
struct ExportBody::State : std::enable_shared_from_this<State> {
  State(core::EventLog& of, Pool& on, ExportPlan what)
      : log(of), pool(on), plan(std::move(what)), piece(plan.header) {}

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
    seen = 0;
    const Status status = plan.streams ? read_streams() : read_log();
    if (!status) return done(status.error());
    if (finished && !std::exchange(told_end, true)) tell_end();
    if (!piece.empty() || finished) return done(std::exchange(piece, {}));
    post_read(done);
  }

  Status read_log() {
    const auto reached = log.read(position, [&](const RecordedEvent& event) {
      finished = event.position.value >= plan.tree.size;
      if (finished) return false;
      if (plan.all_projects || event.project == plan.project.text()) take(event);
      return goes_on();
    });
    if (!reached) return reached.error();
    position = *reached;
    finished = finished || position.value >= plan.tree.size;
    return core::Ok{};
  }

  Status read_streams() {
    while (stream < plan.streams->size() && goes_on()) {
      bool over = true;
      const auto reached = log.read_stream(plan.project, (*plan.streams)[stream], version,
                                           [&](const RecordedEvent& event) {
                                             if (event.position.value >= plan.tree.size) {
                                               return false;
                                             }
                                             take(event);
                                             over = goes_on();
                                             return over;
                                           });
      if (!reached) return reached.error();
      version = *reached;
      if (!over) break;
      ++stream;
      version = core::Version{};
    }
    finished = stream == plan.streams->size();
    return core::Ok{};
  }

  void take(const RecordedEvent& event) {
    append_export_line(event, piece);
    ++count;
  }
  bool goes_on() { return piece.size() < kPieceBytes && ++seen < kScanEvents; }

  void tell_end() {
    JsonOut json;
    json.object()
        .member("end", count)
        .member("size", plan.tree.size)
        .member("root", core::to_hex(core::as_bytes(plan.tree.root)))
        .end_object();
    piece += json.take();
    piece.push_back('\n');
  }

  core::EventLog& log;
  Pool& pool;
  const ExportPlan plan;

  // Of the running read only:
  std::string piece;
  core::Position position;  ///< of the next event to look at
  std::size_t stream = 0;   ///< the one being read
  core::Version version;    ///< of its next event
  std::uint64_t count = 0;  ///< events told
  std::size_t seen = 0;     ///< in this read
  bool finished = false;
  bool told_end = false;

  std::mutex mutex;
  bool gone = false;
};

ExportBody::ExportBody(core::EventLog& log, Pool& pool, ExportPlan plan)
    : state_(std::make_shared<State>(log, pool, std::move(plan))) {}

ExportBody::~ExportBody() {
  const std::lock_guard lock(state_->mutex);
  state_->gone = true;
}

void ExportBody::next(std::function<void(core::Result<std::string>)> done) {
  state_->post_read(std::move(done));
}

}  // namespace hansard::http
