#pragma once

#include <deque>
#include <optional>
#include <utility>

#include "core/event_log.h"

namespace hansard::gateway::testing {

/// A log whose disk is as slow, or as broken, as the test says.
class HoldingLog final : public core::EventLog {
 public:
  explicit HoldingLog(core::EventLog& log) : log_(log) {}

  void append(core::AppendRequest request, core::AppendDone done) override {
    if (fails) return done(*fails);
    if (holds) {
      held_.emplace_back(std::move(request), std::move(done));
      return;
    }
    log_.append(std::move(request), std::move(done));
  }
  /// Writes what was held back, and holds nothing more.
  void release() {
    holds = false;
    while (release_one()) {
    }
  }
  /// Writes the oldest. @return false: there is none
  bool release_one() {
    if (held_.empty()) return false;
    auto [request, done] = std::move(held_.front());
    held_.pop_front();
    log_.append(std::move(request), std::move(done));
    return true;
  }
  /// Loses what was held back.
  void lose(const core::Error& error) {
    while (!held_.empty()) {
      auto done = std::move(held_.front().second);
      held_.pop_front();
      done(error);
    }
  }
  [[nodiscard]] std::size_t held() const { return held_.size(); }

  bool holds = false;
  std::optional<core::Error> fails;

  [[nodiscard]] core::Position end() const override { return log_.end(); }
  core::Result<core::Position> read(core::Position from,
                                    const core::EventSink& sink) const override {
    return log_.read(from, sink);
  }
  core::Result<core::Version> read_stream(const core::ProjectId& project,
                                          const core::StreamId& stream, core::Version from,
                                          const core::EventSink& sink) const override {
    return log_.read_stream(project, stream, from, sink);
  }
  [[nodiscard]] core::Result<std::optional<core::Version>> head(
      const core::ProjectId& project, const core::StreamId& stream) const override {
    return log_.head(project, stream);
  }
  [[nodiscard]] core::Result<std::optional<core::Position>> find(
      const core::ProjectId& project, const core::EventId& id) const override {
    return log_.find(project, id);
  }
  [[nodiscard]] core::TreeHead tree() const override { return log_.tree(); }
  [[nodiscard]] std::unique_ptr<core::Subscription> subscribe(
      std::function<void(core::Position end)> advanced) override {
    return log_.subscribe(std::move(advanced));
  }

 private:
  core::EventLog& log_;
  std::deque<std::pair<core::AppendRequest, core::AppendDone>> held_;
};

}  // namespace hansard::gateway::testing
