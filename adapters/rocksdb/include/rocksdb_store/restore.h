#pragma once

#include <filesystem>
#include <memory>

#include "core/event.h"
#include "core/ids.h"
#include "core/merkle.h"
#include "rocksdb_store/store.h"

namespace hansard::rocks {

/// What makes a log that log: every derived id and keyed hash in it depends on these.
struct LogIdentity {
  core::Uuid log_id;
  core::Hash store_key{};
};

/// The keys of a data directory, whether or not it is open elsewhere.
/// Errors: not_found, corruption (malformed), unavailable.
core::Result<LogIdentity> read_identity(const std::filesystem::path& directory);

/// What a restored log must come to.
struct RestoreTarget {
  LogIdentity identity;
  core::TreeHead tree;
};

/// Writes a log anew from its events, in position order, each with the position, version, time, id
/// and salt it had. Into an empty directory, or one where the same restore was interrupted: it goes
/// on where the last durable batch ended. Until `finish` the directory opens for nothing else.
/// Blocks on disk. Caller synchronises.
class Restore {
 public:
  /// @param options  as for opening a store; directory, hasher and the file systems count.
  /// Errors: rejected (the directory holds a log, or a restore from something else); otherwise
  ///   those of `RocksStore::open`.
  static core::Result<std::unique_ptr<Restore>> begin(OpenOptions options,
                                                      const RestoreTarget& target);
  ~Restore();
  Restore(const Restore&) = delete;
  Restore& operator=(const Restore&) = delete;

  /// Position of the event to add next; those before it are there.
  [[nodiscard]] core::Position next() const;
  /// Adds one event; `header` is not looked at, the rest is copied.
  /// Errors: invalid_argument (not the next position or version, a time before the one before it,
  ///   an id that is there already, a malformed name or payload), too_large, out_of_space,
  ///   unavailable.
  core::Status add(const core::RecordedEvent& event);
  /// Makes everything durable and the directory a log like any other.
  /// Errors: corruption (size or root are not the target's: nothing is served then), out_of_space,
  ///   unavailable.
  core::Status finish();

 private:
  struct Impl;
  explicit Restore(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace hansard::rocks
