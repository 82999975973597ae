#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "journal.h"
#include "reading.h"

namespace hansard::crash {

/// One thing that contradicts what clients were told.
struct Fault {
  enum class Kind : std::uint8_t {
    lost,          ///< acknowledged, not there
    moved,         ///< there, not at the acknowledged position or version
    altered,       ///< there, not as sent
    twice,         ///< there more than once
    foreign,       ///< there, never sent
    refused,       ///< there although refused
    torn,          ///< part of an append of unknown outcome
    position_gap,  ///< positions do not follow one another
    version_gap,   ///< versions of a stream do not follow one another
    misplaced      ///< not at the version that its append's check demands
  };
  Kind kind;
  std::string key;  ///< of the record, or the stream
  std::uint64_t position = 0;
  std::string what;
};

std::string_view name(Fault::Kind kind);
/// One per line, the first `lines_max`.
std::string describe(const std::vector<Fault>& faults, std::size_t lines_max = 20);

/// Compares a whole log with the journal; empty: every acknowledged event is there exactly once as
/// sent and placed, appends of unknown outcome are there whole and once or not at all, and nothing
/// else is. Cost: linear.
std::vector<Fault> compare(const Journal& journal, const std::vector<StoredEvent>& log);

}  // namespace hansard::crash
