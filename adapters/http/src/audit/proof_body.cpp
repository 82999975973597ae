#include "audit/proof_body.h"

#include <mutex>
#include <utility>

#include "events/audit/bundle.h"

namespace hansard::http {

using core::RecordedEvent;
using core::Status;

/// Shared with the pool, which may come when the client is gone already.
struct ProofBody::State : std::enable_shared_from_this<State> {
  State(const Ports& of, ProofPlan what) : ports(of), plan(std::move(what)), piece(plan.head) {}

  using Done = std::function<void(core::Result<std::string>)>;

  void post_read(Done done) {
    // At most one per connection, so that the bound is the number of connections.
    ports.pool.post([self = shared_from_this(), done = std::move(done)] { self->read(done); });
  }

  /// On the pool, one at a time.
  void read(const Done& done) {
    {
      const std::lock_guard lock(mutex);
      if (gone) return;
    }
    seen = 0;
    const Status status = finished ? Status(core::Ok{}) : plan.stream ? read_stream() : read_one();
    if (!status) return done(status.error());
    if (finished && !std::exchange(told_end, true)) {
      piece += events::audit::bundle_end_line(count);
    }
    done(std::exchange(piece, {}));
  }

  Status read_stream() {
    Status taken = core::Ok{};
    bool over = true;
    const auto reached =
        ports.log.read_stream(plan.project, *plan.stream, version, [&](const RecordedEvent& event) {
          if (event.position.value >= plan.tree.size) return false;
          taken = take(event);
          over = taken && piece.size() < kPieceBytes && ++seen < kPieceEvents;
          return over;
        });
    if (!reached) return reached.error();
    version = *reached;
    finished = over;
    return taken;
  }

  Status read_one() {
    finished = true;
    Status taken = core::Error{core::Errc::not_found, "there is no such event"};
    const auto reached = ports.log.read(plan.position, [&](const RecordedEvent& event) {
      taken = take(event);
      return false;
    });
    if (!reached) return reached.error();
    return taken;
  }

  Status take(const RecordedEvent& event) {
    const auto path =
        core::inclusion_proof(ports.hasher, ports.tree, event.position.value, plan.tree.size);
    if (!path) return path.error();
    piece += events::audit::bundle_event_line(ports.hasher, event, *path);
    ++count;
    return core::Ok{};
  }

  const Ports ports;
  const ProofPlan plan;

  // Of the running read only:
  std::string piece;
  core::Version version;    ///< of the next event of the stream
  std::uint64_t count = 0;  ///< events told
  std::size_t seen = 0;     ///< in this read
  bool finished = false;
  bool told_end = false;

  std::mutex mutex;
  bool gone = false;
};

ProofBody::ProofBody(const Ports& ports, ProofPlan plan)
    : state_(std::make_shared<State>(ports, std::move(plan))) {}

ProofBody::~ProofBody() {
  const std::lock_guard lock(state_->mutex);
  state_->gone = true;
}

void ProofBody::next(std::function<void(core::Result<std::string>)> done) {
  state_->post_read(std::move(done));
}

}  // namespace hansard::http
