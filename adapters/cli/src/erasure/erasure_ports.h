#pragma once

#include <filesystem>
#include <functional>
#include <string_view>
#include <vector>

#include "core/command_loop.h"
#include "core/event_log.h"
#include "core/projection_runner.h"
#include "core/time.h"
#include "events/erasure/decider.h"
#include "projections/search.h"
#include "rocksdb_store/erasure.h"

namespace hansard::cli {

/// What erasures need of the engine. References, and what the functions use, outlive them. The
/// functions are called on any thread.
struct ErasurePorts {
  std::filesystem::path data;
  std::filesystem::path ledger;
  core::Uuid log_id;
  core::EventLog& log;
  rocks::ContentEraser& eraser;
  core::ProjectionRunner& views;
  projections::SearchIndex* texts;  ///< null: there is none
  const core::KeyedHash& keyed_hash;
  const core::Clock& clock;
  std::function<core::Hash()> draw_random;
  std::function<void(core::CommandContext, events::ErasureCommand, core::AppendDone)> execute;
  std::function<core::Result<events::ErasureState>(const core::ProjectId&, const core::StreamId&)>
      load;
  /// Lets go of what is kept in memory of these streams.
  std::function<void(const core::ProjectId&, const std::vector<core::StreamId>&)> forget;
  /// True while a backup is being made, which copies what is to be destroyed.
  std::function<bool()> backup_runs;
  std::function<void(std::string_view)> notice;
};

/// How long one waits for a view, or for the index of texts.
inline constexpr std::chrono::seconds kErasureViewPatience{60};

}  // namespace hansard::cli
