#pragma once

#include <map>

#include "core/event_log.h"
#include "database.h"
#include "rocksdb_store/verify.h"

/// The passes of `RocksStore::verify`. Each reads in key order, so verifying runs at the speed of a
/// scan; only when the sums of two passes differ are entries looked up one by one.
///
/// Threads: the events are cut into parts of whole tiles; threads take parts in order, and what
/// they find is put together in order, so that the report does not depend on their number.
namespace hansard::rocks {

/// An order-independent fingerprint of a set of entries: two sums of 64-bit hashes. Equal sums mean
/// equal sets but for an accident of about 2^-64; it is no defence against a forger, the tree is.
class SetSum {
 public:
  void add(std::string_view key, std::uint64_t a, std::uint64_t b);
  /// The sum of both sets.
  void add(const SetSum& other);
  bool operator==(const SetSum&) const = default;

 private:
  std::uint64_t low_ = 0;
  std::uint64_t high_ = 0;
  std::uint64_t count_ = 0;
};

/// Collects what is wrong. Caller synchronises.
class FaultLog {
 public:
  void event(core::Position position, std::string what);
  void index(core::Position position, std::string what);
  void tree(core::Position position, std::string what);
  void root(core::Position position, std::string what);
  void other(core::Position position, std::string what);
  /// @pre positions come in order.
  void lost(core::Position position, const std::string& why);
  void wrong_head(const WrongHead& head);
  [[nodiscard]] bool is_lost(core::Position position) const;
  [[nodiscard]] VerifyReport& report() { return report_; }

  /// Adds what another log collected. @pre what `part` lost lies behind what this one lost.
  void add(FaultLog part);

 private:
  void note(core::Position position, std::string what);

  VerifyReport report_;
  std::map<std::uint64_t, std::uint64_t> lost_;  ///< first -> end of unreadable positions
};

/// What the events say the indexes hold.
struct IndexSums {
  SetSum runs;  ///< (project and stream, version, position)
  SetSum ids;   ///< (project and id, position, 0)
};

struct VerifyRange {
  core::Position from;
  core::Position end;
};

/// Reads every event, compares the tiles they fill and the heads that are given. Errors:
/// unavailable, cancelled.
core::Result<IndexSums> verify_events(const Database& database, const core::Hasher& hasher,
                                      const VerifyRange& range, core::Position visible,
                                      const VerifyOptions& options, FaultLog& faults);

/// Reads `streams` and `ids` and compares them with `expected`. Versions of every stream must be
/// gapless up to `visible`. Errors: unavailable, cancelled.
core::Status verify_indexes(const Database& database, const VerifyRange& range,
                            core::Position visible, const IndexSums& expected, unsigned threads,
                            FaultLog& faults);

/// Entries that nothing of ours writes: tiles that are not full yet, unknown keys. Errors:
/// unavailable.
core::Status verify_leftovers(const Database& database, FaultLog& faults);

}  // namespace hansard::rocks
