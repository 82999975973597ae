#pragma once

#include <memory>
#include <optional>

#include "http/message.h"
#include "live/live_feed.h"

namespace hansard::http {

/// A followed log over WebSocket, one frame a message. What is followed is said by the query of the
/// request, or by the client's one message:
///   {"subscribe":{"from":7,"types":["MessageSent"],"sessions":["s1"]}}
/// `from` is a position or "head", which also is its default; no types or sessions: all.
class LiveChannel final : public MessageChannel {
 public:
  LiveChannel(std::shared_ptr<LiveHub> hub, core::ProjectId project);
  /// Begins at once. @pre nothing is subscribed to.
  void subscribe(EventFilter filter, core::Position from);

  void next(std::function<void(core::Result<Texts>)> done) override;
  /// Errors: invalid_argument (not a subscribe message, or the second one).
  core::Status receive(std::string_view text) override;
  [[nodiscard]] bool awaits_client() const override { return !feed_; }

 private:
  void ask(std::function<void(core::Result<Texts>)> done);

  const std::shared_ptr<LiveHub> hub_;
  const core::ProjectId project_;
  std::optional<LiveFeed> feed_;
  std::function<void(core::Result<Texts>)> waiting_;  ///< asked before there is a feed
};

/// GET /v1/live, upgraded. Errors go to the client as problem documents.
core::Result<Response> open_live(const std::shared_ptr<LiveHub>& hub, const Request& request,
                                 core::Position end);

}  // namespace hansard::http
