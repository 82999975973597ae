#pragma once

#include <memory>

#include "http/message.h"
#include "live/live_feed.h"

namespace hansard::http {

/// A followed log as the body of an HTTP answer.
class LiveBody final : public BodySource {
 public:
  LiveBody(std::shared_ptr<LiveHub> hub, EventFilter filter, core::Position from, LiveForm form);
  ~LiveBody() override;

  void next(std::function<void(core::Result<std::string>)> done) override;
  [[nodiscard]] bool endless() const override { return true; }

 private:
  /// How it ended, as far as the feed knows; shared with answers that come late.
  struct Fate;
  const std::shared_ptr<LiveHub> hub_;
  const LiveForm form_;
  const std::shared_ptr<Fate> fate_;
  bool begun_ = false;
  LiveFeed feed_;
};

}  // namespace hansard::http
