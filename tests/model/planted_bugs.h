#pragma once

#include <atomic>

#include "core/event_log.h"
#include "core/in_memory_event_log.h"
#include "driver.h"
#include "support/events.h"

namespace hansard::model {

/// Ways in which a log could be wrong.
enum class Bug : std::uint8_t { none, lost_event, double_event, stale_head, reordered_versions };

/// A log without a disk that goes wrong now and then, in one way: what the checkers must notice.
class BuggyLog final : public core::EventLog {
 public:
  BuggyLog(Bug bug, const core::EventEquivalence& equivalence, std::uint64_t every)
      : bug_(bug), every_(every), log_(support::hasher(), equivalence) {}

  void append(core::AppendRequest request, core::AppendDone done) override {
    if (bug_ == Bug::lost_event && due()) return lose(request, std::move(done));
    if (bug_ == Bug::double_event && due() && !request.records.empty()) {
      auto again = request;
      again.checks.clear();
      again.records.resize(1);
      again.records[0].id.bytes[7] = static_cast<std::uint8_t>(again.records[0].id.bytes[7] ^ 0x80);
      log_.append(std::move(again), [](const auto&) {});
    }
    if (bug_ == Bug::stale_head && due()) {
      // The conflict is judged by a head of long ago.
      for (core::Check& check : request.checks) {
        if (check.expected.kind != core::Expected::Kind::exact) continue;
        if (check.expected.version.value < 2) continue;
        core::Error stale{core::Errc::version_conflict, "stale"};
        stale.violations.push_back({check.stream.text(),
                                    std::to_string(check.expected.version.value),
                                    std::to_string(check.expected.version.value - 2)});
        return done(std::move(stale));
      }
    }
    log_.append(std::move(request), std::move(done));
  }
  [[nodiscard]] core::Position end() const override { return log_.end(); }
  core::Result<core::Position> read(core::Position from,
                                    const core::EventSink& sink) const override {
    return log_.read(from, sink);
  }
  core::Result<core::Version> read_stream(const core::ProjectId& project,
                                          const core::StreamId& stream, core::Version from,
                                          const core::EventSink& sink) const override {
    if (bug_ != Bug::reordered_versions || !due()) {
      return log_.read_stream(project, stream, from, sink);
    }
    // The second event comes before the first.
    bool stopped = false;
    return log_.read_stream(project, stream, from, [&](const core::RecordedEvent& event) {
      if (event.version == from && !stopped) return true;
      stopped = true;
      return sink(event);
    });
  }
  [[nodiscard]] core::Result<std::optional<core::Version>> head(
      const core::ProjectId& project, const core::StreamId& stream) const override {
    auto head = log_.head(project, stream);
    if (bug_ == Bug::stale_head && due() && head && *head && (*head)->value > 0) {
      return std::optional<core::Version>{core::Version{(*head)->value - 1}};
    }
    return head;
  }
  [[nodiscard]] core::Result<std::optional<core::Position>> find(
      const core::ProjectId& project, const core::EventId& id) const override {
    return log_.find(project, id);
  }
  [[nodiscard]] core::TreeHead tree() const override { return log_.tree(); }
  [[nodiscard]] std::unique_ptr<core::Subscription> subscribe(
      std::function<void(core::Position)> advanced) override {
    return log_.subscribe(std::move(advanced));
  }

 private:
  [[nodiscard]] bool due() const { return ++calls_ % every_ == 0; }

  /// Answers as if it were stored.
  void lose(const core::AppendRequest& request, core::AppendDone done) {
    core::Receipt receipt;
    for (std::size_t i = 0; i < request.records.size(); ++i) {
      const auto head = log_.head(request.project, request.records[i].stream);
      const std::uint64_t version = head && *head ? (*head)->value + 1 : 0;
      receipt.records.push_back({core::Position{log_.end().value + i}, core::Version{version},
                                 false, false, request.recorded_at});
    }
    done(std::move(receipt));
  }

  const Bug bug_;
  const std::uint64_t every_;
  mutable std::atomic<std::uint64_t> calls_{0};
  core::InMemoryEventLog log_;
};

class BuggySubject final : public Subject {
 public:
  BuggySubject(Bug bug, const core::EventEquivalence& equivalence) : log_(bug, equivalence, 50) {}
  core::EventLog& log() override { return log_; }

 private:
  BuggyLog log_;
};

}  // namespace hansard::model
