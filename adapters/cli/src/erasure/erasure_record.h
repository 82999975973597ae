#pragma once

#include <chrono>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "core/result.h"
#include "erasure/erasure_order.h"
#include "erasure/erasure_ports.h"
#include "erasure/erasure_selection.h"

namespace hansard::cli {

/// Puts an erasure on record, in each of its streams: that it was asked for, and that it is done.
/// Of an order with many streams a few are appended to at a time, with a rest after them, so that
/// others' appends do not queue behind all of them. Told again it is the same event, so each step
/// may be repeated after any error. `ports` outlives it. Threads: one call at a time for each
/// order; blocks on the log.
class ErasureRecord {
 public:
  /// Waits so long; true ends what is being done.
  using Pause = std::function<bool(std::chrono::milliseconds)>;

  ErasureRecord(const ErasurePorts& ports, Pause pause) : ports_(ports), pause_(std::move(pause)) {}

  /// What became of the asking.
  struct Asked {
    ErasureSelection::Below below;  ///< where it stands, by stream
    std::vector<std::string> held;  ///< streams that refused: a legal hold stands
  };
  /// Errors: rejected (a hold stands and is named: on every stream, or on one of a message),
  /// cancelled, those of the log.
  core::Result<Asked> request(const ErasureOrder& order);
  /// The same for an erasure that the ledger knows and the log does not: a hold of then cannot
  /// bring back what was destroyed since, so that it is told of and passed over.
  core::Status request_again(const ErasureOrder& order);
  core::Status complete(const ErasureOrder& order);

 private:
  core::Status append_each(
      const ErasureOrder& order,
      const std::function<events::ErasureCommand(const ErasureTarget&)>& make,
      const std::function<void(const ErasureTarget&, const core::Result<core::Receipt>&)>& told);
  [[nodiscard]] events::ErasureCommand request_of(const ErasureOrder& order,
                                                  const ErasureTarget& target) const;

  const ErasurePorts& ports_;
  const Pause pause_;
};

}  // namespace hansard::cli
