#pragma once

#include <map>

#include "core/event_log.h"
#include "database.h"
#include "rocksdb_store/verify.h"

/// The passes of `RocksStore::verify`. Each reads in key order, so verifying runs at the speed of a
/// scan; only when the sums of two passes differ are entries looked up one by one.
namespace hansard::rocks {

/// An order-independent fingerprint of a set of entries: two sums of 64-bit hashes. Equal sums mean
/// equal sets but for an accident of about 2^-64; it is no defence against a forger, the tree is.
class SetSum {
 public:
  void add(std::string_view key, std::uint64_t a, std::uint64_t b);
  bool operator==(const SetSum&) const = default;

 private:
  std::uint64_t low_ = 0;
  std::uint64_t high_ = 0;
  std::uint64_t count_ = 0;
};

/// Collects what is wrong.
class FaultLog {
 public:
  explicit FaultLog(VerifyReport& report) : report_(report) {}
  void event(core::Position position, std::string what);
  void index(core::Position position, std::string what);
  void tree(core::Position position, std::string what);
  void lost(core::Position position, const std::string& why);
  [[nodiscard]] bool is_lost(core::Position position) const;
  [[nodiscard]] VerifyReport& report() { return report_; }

 private:
  void note(core::Position position, std::string what);

  VerifyReport& report_;
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

/// Reads every event and compares the tiles they fill. Errors: unavailable, cancelled.
core::Result<IndexSums> verify_events(const Database& database, const core::Hasher& hasher,
                                      const VerifyRange& range, const VerifyOptions& options,
                                      FaultLog& faults);

/// Reads `streams` and `ids` and compares them with `expected`. Versions of every stream must be
/// gapless up to `visible`. Errors: unavailable, cancelled.
core::Status verify_indexes(const Database& database, const VerifyRange& range,
                            core::Position visible, const IndexSums& expected, FaultLog& faults);

}  // namespace hansard::rocks
