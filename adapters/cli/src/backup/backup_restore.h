#pragma once

#include <filesystem>
#include <functional>
#include <optional>
#include <string>

#include "backup/backup_check.h"
#include "core/position.h"

namespace hansard::cli {

/// How a backup becomes a data directory.
struct RestoreOrder {
  std::filesystem::path data;  ///< absent or an empty directory
  /// Last position kept; or everything recorded at or before this moment. At most one of them.
  std::optional<core::Position> to_position;
  std::optional<core::Timestamp> to_time;
  bool clone = false;    ///< a log of its own, also when it takes over everything
  std::string ledger{};  ///< erasure ledger to bring along; empty: the one at `ledger_place`
  std::filesystem::path ledger_place;  ///< where the engine will look: `find_ledger`
  core::Timestamp now{};
};

struct RestoreResult {
  core::TreeHead tree;           ///< of the new directory
  std::uint64_t taken_over = 0;  ///< events of the backup in it
  std::uint64_t epoch = 1;
  bool new_epoch = false;    ///< it ends with `LogRestored`
  bool ledger = false;       ///< it has an erasure ledger
  std::size_t erasures = 0;  ///< that this knows of the log
};

/// Told what is being done, how far it is, and out of how much; false ends it. May be empty.
using RestoreProgress =
    std::function<bool(const char* doing, std::uint64_t done, std::uint64_t total)>;

/// Makes a data directory from a backup, which is checked first, every byte and every event.
///
/// The whole of it is the same log: same root, same epoch. What ends earlier, and a clone, goes its
/// own way from there: a new epoch begins with the event `LogRestored`, because two continuations
/// of one history must not sign under one name; a signing key of the backup is not taken along, and
/// views and the index of texts are built by the next server.
/// Made beside `data` (`.restoring`) and named when it is whole and synced: what an interruption
/// leaves opens as nothing, and the same restore can simply be run again.
/// Errors: rejected (`data` is not empty; nothing was recorded by then), invalid_argument,
///   corruption (names the first file or position), those of `find_ledger`, not_found,
///   out_of_space, unavailable, cancelled.
core::Result<RestoreResult> restore_backup(const Backup& backup, const RestoreOrder& order,
                                           const CheckNote& note, const RestoreProgress& progress);

}  // namespace hansard::cli
