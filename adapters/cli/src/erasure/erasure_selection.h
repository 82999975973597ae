#pragma once

#include <map>
#include <string>
#include <vector>

#include "core/ids.h"
#include "core/result.h"
#include "erasure/erasure_order.h"
#include "erasure/erasure_ports.h"
#include "erasure/erasure_status.h"

namespace hansard::cli {

/// Finds what an erasure is about: its streams, and the events of each whose content goes. Reads
/// the log and the views, writes nothing. `ports` outlives it. Thread-safe; blocks on storage.
class ErasureSelection {
 public:
  static constexpr std::size_t kStreamsMax = 100'000;  ///< of one erasure; then too_large

  /// Ids of the events that go, by stream.
  using Events = std::map<std::string, std::vector<core::EventId>>;
  /// By stream: what was said below this version goes.
  using Below = std::map<std::string, core::Version>;

  explicit ErasureSelection(const ErasurePorts& ports) : ports_(ports) {}

  /// Of a message also the forks that repeat it; of a user every session, and what came of
  /// experiments. Errors: not_found, too_large, those of the log and the views.
  [[nodiscard]] core::Result<std::vector<core::StreamId>> streams_of(const ErasureAsk& ask) const;
  /// The same as long as nothing more is said in the streams: asked again, it is the same erasure.
  [[nodiscard]] core::Result<std::string> derive_id(
      const ErasureAsk& ask, const std::vector<core::StreamId>& streams) const;
  /// Finds what of each target goes, and puts its positions down.
  [[nodiscard]] core::Result<Events> select(ErasureOrder& order, const Below& below) const;
  /// All that is said in a stream so far. Errors: those of the log.
  [[nodiscard]] core::Result<core::Version> end_of(const core::ProjectId& project,
                                                   const core::StreamId& stream) const;

 private:
  core::Result<std::vector<core::StreamId>> streams_of_user(const core::ProjectId& project,
                                                            const std::string& user) const;
  core::Result<std::vector<core::StreamId>> streams_of_message(const ErasureAsk& ask) const;
  core::Result<std::vector<core::StreamId>> forks_with(const core::ProjectId& project,
                                                       const core::StreamId& origin,
                                                       core::Version below) const;

  const ErasurePorts& ports_;
};

}  // namespace hansard::cli
