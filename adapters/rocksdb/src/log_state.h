#pragma once

#include "core/merkle.h"
#include "core/sequencer.h"
#include "database.h"

namespace hansard::rocks {

/// What the sequencing thread carries from one append to the next.
struct LogState {
  core::SequencerState sequencer;
  core::MerkleEdge edge;
};

/// Reads the state back: the last event, at most 255 events for the unfinished tile of leaves, and
/// at most 255 full tiles for each unfinished tile above. Milliseconds at any size.
/// Errors: corruption, unavailable.
core::Result<LogState> load_log_state(const Database& database, const core::Hasher& hasher);

/// The hashes of a full tile. Errors: corruption.
core::Result<std::vector<core::Hash>> read_tile(const Database& database, std::uint8_t level,
                                                std::uint64_t index);

/// `count` neighbouring hashes of `level`, the first of them entry `first` of that level, computed
/// from what is stored below: events, or full tiles. Errors: corruption, unavailable.
core::Result<std::vector<core::Hash>> computed_entries(const Database& database,
                                                       const core::Hasher& hasher,
                                                       std::uint8_t level, std::uint64_t first,
                                                       std::uint64_t count);

/// The edge of the tree over the first `size` events, which must be there. Errors: as above.
core::Result<core::MerkleEdge> edge_at(const Database& database, const core::Hasher& hasher,
                                       std::uint64_t size);

}  // namespace hansard::rocks
