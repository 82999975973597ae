#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/event_log.h"
#include "http/message.h"
#include "http/pool.h"

namespace hansard::http {

/// What an export holds.
struct ExportPlan {
  std::string header;         ///< the first line, newline included
  core::TreeHead tree;        ///< of the log when the export began; nothing later is in it
  core::ProjectId project;    ///< of `streams`
  bool all_projects = false;  ///< else only `project`
  /// These streams, one after the other; nothing: everything, in the order of the log.
  std::optional<std::vector<core::StreamId>> streams;
};

/// An export as NDJSON, at the client's pace: the header, a line per event, and a last line that
/// says how many there were. Without it the export is not whole. Reads on the pool, a piece at a
/// time; holds one piece and no thread while the client takes it.
class ExportBody final : public BodySource {
 public:
  static constexpr std::size_t kPieceBytes = 64U << 10;
  /// Events looked at in one go on the pool.
  static constexpr std::size_t kScanEvents = 4096;

  /// `log` and `pool` outlive this, and what it posted.
  ExportBody(core::EventLog& log, Pool& pool, ExportPlan plan);
  ~ExportBody() override;
  ExportBody(const ExportBody&) = delete;
  ExportBody& operator=(const ExportBody&) = delete;

  void next(std::function<void(core::Result<std::string>)> done) override;

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace hansard::http
