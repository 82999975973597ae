#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "core/merkle.h"
#include "rocksdb_store/store.h"

namespace hansard::rocks {

struct RepairPlan {
  /// Heads that somebody signed: the events must have these roots, or nothing is changed.
  std::vector<core::TreeHead> heads;
  /// Views are dropped, too; whoever opens the log for them builds them anew.
  bool views = false;
  /// Told now and then how far it is, of twice `end`: reading, then writing. May be empty.
  std::function<void(core::Position done, core::Position end)> progress;
};

struct RepairReport {
  core::TreeHead tree;         ///< over the events, which are what they were
  bool head_replaced = false;  ///< HEAD did not hold
};

/// Derives everything that the log keeps beside its events anew: `streams`, `ids`, `merkle`, and
/// HEAD where it does not hold. Never writes an event. All events must be there and be readable;
/// otherwise nothing is changed. After a kill the directory opens as before, or only says that
/// this is to be repeated (`REPAIRING` is there then); repeating is always right.
/// Cost: reads every event twice and writes every index entry.
/// Errors: those of `RocksStore::open`; corruption (naming the event that cannot be read),
///   rejected (the events are not those of a head, naming it).
core::Result<RepairReport> repair(OpenOptions options, const RepairPlan& plan);

}  // namespace hansard::rocks
