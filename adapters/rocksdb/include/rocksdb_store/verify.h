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
  /// Told now and then how far the events are read; return false to stop. May be empty.
  std::function<bool(core::Position read, core::Position end)> progress;
};

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
  std::uint64_t tree_faults = 0;   ///< tiles or root unlike the events
  std::uint64_t streams = 0;
  std::uint64_t runs = 0;
  std::uint64_t tiles = 0;
  std::optional<core::TreeHead> tree;  ///< recomputed from the events; when all were read from 0
  std::optional<Fault> first;
  std::vector<Fault> faults;
  std::vector<LostRange> lost;

  [[nodiscard]] bool sound() const {
    return lost_events + event_faults + index_faults + tree_faults == 0;
  }
};

}  // namespace hansard::rocks
