#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/event_log.h"
#include "http/message.h"
#include "http/pool.h"

namespace hansard::http {

/// Which events of the log a client wants.
struct EventFilter {
  core::ProjectId project;
  std::vector<std::string> types;      ///< empty: all
  std::vector<std::string> streams;    ///< whole names; empty: all
  std::optional<std::uint64_t> limit;  ///< so many events, then the end
  [[nodiscard]] bool wants(const core::RecordedEvent& event) const;
};

/// The log as NDJSON, one event a line, at the client's pace: from a position to the end as it was
/// when it was asked for. Reads on the pool, kPieceBytes at a time; holds one piece and no thread
/// while the client takes it. `LiveBody` is the one that goes on.
class EventBody final : public BodySource {
 public:
  static constexpr std::size_t kPieceBytes = 64U << 10;
  /// Events looked at in one go on the pool; a filter that matches nothing must not keep a thread.
  static constexpr std::size_t kScanEvents = 4096;

  /// `log` and `pool` outlive this, and what it posted.
  EventBody(core::EventLog& log, Pool& pool, EventFilter filter, core::Position from,
            core::Position end);
  ~EventBody() override;

  void next(std::function<void(core::Result<std::string>)> done) override;

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace hansard::http
