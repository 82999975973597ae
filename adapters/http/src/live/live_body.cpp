#include "live/live_body.h"

#include <atomic>
#include <string>
#include <utility>

namespace hansard::http {

struct LiveBody::Fate {
  std::atomic<Metrics::LiveEnd> end = Metrics::LiveEnd::client;
};

LiveBody::LiveBody(std::shared_ptr<LiveHub> hub, EventFilter filter, core::Position from,
                   LiveForm form)
    : hub_(hub),
      form_(form),
      fate_(std::make_shared<Fate>()),
      feed_(std::move(hub), std::move(filter), from) {}

LiveBody::~LiveBody() { hub_->context.metrics.live_closed(fate_->end); }

void LiveBody::next(std::function<void(core::Result<std::string>)> done) {
  const bool first = !std::exchange(begun_, true);
  feed_.next([done = std::move(done), fate = fate_, form = form_,
              first](const core::Result<LiveFeed::Frames>& frames) {
    if (!frames) {
      fate->end = Metrics::LiveEnd::error;
      return done(frames.error());
    }
    std::string piece(first ? live_prologue(form) : "");
    for (const LiveFrame& frame : *frames) append_frame(frame, form, piece);
    if (frames->empty()) fate->end = Metrics::LiveEnd::limit;
    done(std::move(piece));
  });
}

}  // namespace hansard::http
