#pragma once

#include <map>
#include <optional>
#include <vector>

#include "core/hash.h"
#include "core/time.h"
#include "verify_parts.h"

namespace hansard::rocks {

/// What reading one part of the log gives. A leaf that cannot be had (its event is lost, and so is
/// its tile) leaves its tile without a root.
struct EventPart {
  VerifyRange range;
  FaultLog faults;
  IndexSums sums;
  core::Position first_readable;
  std::optional<core::Timestamp> first_recorded;  ///< of the events that are readable
  std::optional<core::Timestamp> last_recorded;
  std::vector<std::optional<core::Hash>> roots;  ///< of the tiles that become full in it, in order
  /// Leaves by tile: of those asked for, and of the unfinished one at the end.
  std::map<std::uint64_t, std::vector<core::Hash>> leaves;
};

/// What a part is read with. Shared by all threads, immutable.
struct EventPass {
  const Database& database;
  const core::Hasher& hasher;
  /// Leaves in the tile of the first position that lie before it; nothing when they cannot be had.
  std::optional<std::vector<core::Hash>> before;
  core::Position from;                    ///< of the whole pass
  std::vector<std::uint64_t> keep_tiles;  ///< of level 0, sorted: a head is to be checked inside
};

/// Reads the events of `range`, which begins with a tile unless it is the first part of the pass:
/// checksums, form, places, recorded_at, and the lowest tiles. Errors: unavailable.
core::Result<EventPart> verify_part(const EventPass& pass, const VerifyRange& range);

/// Compares a tile that the events give with the stored one; differences go to `faults`, under the
/// first position they are about. Errors: unavailable.
core::Status compare_tile(const Database& database, std::uint8_t level, std::uint64_t index,
                          const std::vector<core::Hash>& hashes, FaultLog& faults);

}  // namespace hansard::rocks
