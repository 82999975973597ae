#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "core/position_set.h"
#include "core/result.h"

namespace hansard::rocks {

struct EraseOptions {
  /// Views whose rows were derived from the content: their files are written anew, too. Their folds
  /// have dropped those rows already.
  std::vector<std::string> views;
  /// How long readers that began before may go on. Then snapshots of views answer `unavailable`;
  /// readers of events go on by themselves, without a break.
  std::chrono::milliseconds readers_patience{5'000};
  /// How long files that nobody should need any more may stay (a backup being taken keeps them).
  std::chrono::milliseconds files_patience{60'000};
  /// Told what is being done: `flushing`, `stripping`, `waiting`, `compacting`, `checking`. May be
  /// empty.
  std::function<void(std::string_view phase)> phase = {};
};

struct EraseReport {
  std::uint64_t events = 0;           ///< stripped by this call
  std::uint64_t already = 0;          ///< had been before, by an interrupted one or another
  std::uint64_t files_rewritten = 0;  ///< table files that held them, and are gone
};

/// Destroys content of stored events. What remains of an event is header, facts and the commitment
/// that its leaf in the tree is made of, so that every proof stays what it was.
///
/// How: the stripped events are written into table files of their own and taken in at once, which
/// neither passes through the write-ahead log nor holds up appends for longer than one write to the
/// manifest; then exactly those files that hold older versions of them are merged away.
/// Threads: `mask`, `unmask`, `stop` from any; one `erase` at a time.
class ContentEraser {
 public:
  virtual ~ContentEraser() = default;

  /// From now on the content of these positions is read by nobody, also by those who are reading:
  /// events of them are given as erased ones. Of this process only; nothing is written.
  virtual void mask(const core::PositionSet& positions) = 0;
  virtual void unmask(const core::PositionSet& positions) = 0;

  /// Destroys the content at `positions`, which are visible, and says so only when no file of the
  /// database holds it. Repeatable: after any error, or a kill, it is called again with the same.
  /// Blocks; the store goes on serving. Errors: unavailable (a reader, a backup or a reopening was
  /// in the way; the disk failed), out_of_space, corruption, cancelled (`stop`), unsupported
  /// (read-only).
  virtual core::Result<EraseReport> erase(const core::PositionSet& positions,
                                          const EraseOptions& options) = 0;

  /// Ends a running `erase`, and refuses later ones.
  virtual void stop() = 0;
};

}  // namespace hansard::rocks
