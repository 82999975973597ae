#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "core/merkle.h"
#include "core/position.h"

namespace hansard::rocks {

struct VerifyOptions {
  core::Position from{0};
  std::optional<core::Position> end;  ///< nothing: the visible end when verifying starts
  /// A head that is trusted: the events before its size are not read, only the tree over them must
  /// have its root. `from` is ignored then.
  std::optional<core::TreeHead> trusted;
  /// Heads that somebody kept elsewhere: each must be the root of this log at its size. Any order.
  std::vector<core::TreeHead> heads;
  /// Threads that read, 1..`kVerifyThreadsMax`; the report is the same for any number.
  unsigned threads = 1;
  /// Told now and then how far the events are read, and how many bytes that were; return false to
  /// stop. One call at a time, on any of the threads. May be empty.
  std::function<bool(core::Position read, core::Position end, std::uint64_t bytes)> progress;
};

inline constexpr unsigned kVerifyThreadsMax = 64;

/// One thing that is not as it must be.
struct Fault {
  core::Position position;  ///< of the event concerned
  std::string what;
};

/// Positions that cannot be read.
struct LostRange {
  core::Position from;
  core::Position end;
  std::string why;
};

/// A head of elsewhere that is not one of this log.
struct WrongHead {
  core::TreeHead given;
  std::optional<core::Hash> found;  ///< our root at that size; nothing: the log is shorter
};

/// What verifying found. `first` is the wrong position nearest to the start; the lists are cut off
/// at `kFaultsListed`, the counts are not.
struct VerifyReport {
  static constexpr std::size_t kFaultsListed = 100;

  core::Position from;
  core::Position end;
  std::uint64_t events = 0;        ///< read and sound
  std::uint64_t event_bytes = 0;   ///< their stored bytes
  std::uint64_t lost_events = 0;   ///< not readable
  std::uint64_t event_faults = 0;  ///< readable but wrong: checksum, form, order, recorded_at
  std::uint64_t index_faults = 0;  ///< `streams` and `ids`: missing, extra or wrong entries
  std::uint64_t tree_faults = 0;   ///< tiles, or the log's root, unlike the events
  std::uint64_t root_faults = 0;   ///< the trusted root unlike the tree
  std::uint64_t other_faults = 0;  ///< entries that nothing of ours writes
  std::uint64_t log_events = 0;    ///< visible when verifying began
  std::uint64_t streams = 0;
  std::uint64_t runs = 0;
  std::uint64_t tiles = 0;
  std::uint64_t heads = 0;               ///< of elsewhere, that hold
  std::uint64_t heads_unchecked = 0;     ///< of elsewhere, over events that cannot be had
  std::uint64_t wrong_heads = 0;         ///< of elsewhere, that do not hold
  std::optional<WrongHead> first_wrong;  ///< the smallest of those
  /// Recomputed from the events; when all were read, from 0 or from a trusted head on.
  std::optional<core::TreeHead> tree;
  std::optional<Fault> first;
  std::vector<Fault> faults;
  std::vector<LostRange> lost;

  [[nodiscard]] bool sound() const {
    return lost_events + event_faults + index_faults + tree_faults + root_faults + other_faults +
               wrong_heads + heads_unchecked ==
           0;
  }
  /// Nothing is wrong but what the events say anew: `rebuild` mends it.
  [[nodiscard]] bool rebuildable() const {
    return index_faults + tree_faults != 0 && lost_events + event_faults + root_faults +
                                                      other_faults + wrong_heads +
                                                      heads_unchecked ==
                                                  0;
  }
};

}  // namespace hansard::rocks
