#include "log_state.h"
#include "verify_part.h"
#include "verify_tasks.h"

namespace hansard::rocks {
namespace {

using core::Errc;
using core::Error;
using core::Hash;
using core::Position;
using core::Result;
using core::Status;

/// Events in a part: few enough that several threads have something to do in a small log, and that
/// one can be stopped; enough that finding the place costs nothing.
constexpr std::uint64_t kPartEventsMin = core::kTileWidth;
constexpr std::uint64_t kPartEventsMax = 64 * core::kTileWidth;
constexpr std::uint64_t kPartsWanted = 64;

std::uint64_t part_events(const VerifyRange& range) {
  const std::uint64_t wanted = (range.end.value - range.from.value) / kPartsWanted;
  const std::uint64_t whole = wanted / core::kTileWidth * core::kTileWidth;
  return std::clamp(whole, kPartEventsMin, kPartEventsMax);
}

/// Part `i` of a range: the first ends, and all others begin, at a multiple of `size`.
VerifyRange part_of(const VerifyRange& range, std::uint64_t size, std::uint64_t i) {
  const std::uint64_t first = range.from.value / size + i;
  return {std::max(range.from, Position{first * size}),
          std::min(range.end, Position{(first + 1) * size})};
}

/// Grows the tree over the lowest tiles again, in order, compares the tiles above, and the heads
/// that are given. The tree over the events is the tree over the roots of their full tiles, and the
/// leaves of the unfinished one.
class TreeCheck {
 public:
  TreeCheck(const Database& database, const core::Hasher& hasher, const VerifyOptions& options,
            FaultLog& faults)
      : database_(database),
        hasher_(hasher),
        faults_(faults),
        edge_(hasher),
        heads_(options.heads) {
    std::stable_sort(heads_.begin(), heads_.end(),
                     [](const auto& a, const auto& b) { return a.size < b.size; });
  }

  /// Tiles of level 0 in which a head ends. Sorted.
  [[nodiscard]] std::vector<std::uint64_t> tiles_of_heads() const {
    std::vector<std::uint64_t> tiles;
    for (const core::TreeHead& head : heads_) {
      const std::uint64_t tile = head.size / core::kTileWidth;
      if (tiles.empty() || tiles.back() != tile) tiles.push_back(tile);
    }
    return tiles;
  }

  /// Takes the tree over the full tiles before `from` as it is stored; heads before stand on it.
  Status start(Position from) {
    for (; next_head_ < heads_.size() && heads_[next_head_].size < from.value; ++next_head_) {
      const core::TreeHead& head = heads_[next_head_];
      const auto stored = edge_at(database_, hasher_, head.size);
      if (!stored && stored.error().code != Errc::corruption) return stored.error();
      judge(head, stored ? std::optional(stored->head().root) : std::nullopt);
    }
    auto edge = core::MerkleEdge::restore(
        hasher_, from.value / core::kTileWidth,
        [&](std::uint8_t level, std::uint64_t index, std::uint64_t count) {
          return computed_entries(database_, hasher_, static_cast<std::uint8_t>(level + 1),
                                  index * core::kTileWidth, count);
        });
    if (edge) {
      edge_ = *std::move(edge);
    } else if (edge.error().code == Errc::corruption) {
      lose(from, edge.error());
    } else {
      return edge.error();
    }
    return core::Ok{};
  }
  void lose(Position from, const Error& why) {
    known_ = false;
    faults_.tree(from, "the tree before it cannot be restored: " + why.message);
  }

  Status add(const EventPart& part) {
    std::uint64_t tile = part.range.from.value / core::kTileWidth;
    for (const std::optional<Hash>& root : part.roots) {
      check_heads(tile, part);
      ++tile;
      known_ = known_ && root;
      if (!known_) continue;
      edge_.append(*root, full_);
      for (const core::FullTile& above : full_) {
        const auto level = static_cast<std::uint8_t>(above.level + 1);
        auto compared = compare_tile(database_, level, above.index, above.hashes, faults_);
        if (!compared) return compared;
      }
      full_.clear();
    }
    check_heads(tile, part);
    return core::Ok{};
  }

  /// The root over the first `size` events. @pre the lowest tiles before its last were added.
  [[nodiscard]] std::optional<Hash> root(std::uint64_t size, const EventPart& part) const {
    if (!known_) return {};
    std::vector<Hash> last;
    if (const std::uint64_t count = size % core::kTileWidth; count != 0) {
      const auto leaves = part.leaves.find(size / core::kTileWidth);
      if (leaves == part.leaves.end() || leaves->second.size() < count) return {};
      last.assign(leaves->second.begin(),
                  leaves->second.begin() + static_cast<std::ptrdiff_t>(count));
    }
    const auto edge = core::MerkleEdge::restore(
        hasher_, size,
        [&](std::uint8_t level, std::uint64_t, std::uint64_t) -> Result<std::vector<Hash>> {
          if (level == 0) return last;
          const auto above = edge_.partial(static_cast<std::uint8_t>(level - 1));
          return std::vector<Hash>(above.begin(), above.end());
        });
    if (!edge) return {};
    return edge->head().root;
  }

  /// Heads behind the end of what was read are not of this log, if that is where it ends.
  void finish(bool log_ends) {
    for (; next_head_ < heads_.size(); ++next_head_) {
      if (log_ends) {
        faults_.wrong_head({heads_[next_head_], {}});
      } else {
        ++faults_.report().heads_unchecked;
      }
    }
  }

 private:
  void check_heads(std::uint64_t tile, const EventPart& part) {
    while (next_head_ < heads_.size() && heads_[next_head_].size <= part.range.end.value &&
           heads_[next_head_].size / core::kTileWidth == tile) {
      const core::TreeHead& head = heads_[next_head_++];
      judge(head, root(head.size, part));
    }
  }
  void judge(const core::TreeHead& head, const std::optional<Hash>& found) {
    if (!found) {
      ++faults_.report().heads_unchecked;
    } else if (*found == head.root) {
      ++faults_.report().heads;
    } else {
      faults_.wrong_head({head, found});
    }
  }

  const Database& database_;
  const core::Hasher& hasher_;
  FaultLog& faults_;
  core::MerkleEdge edge_;  ///< its leaves are roots of tiles
  std::vector<core::TreeHead> heads_;
  std::size_t next_head_ = 0;
  std::vector<core::FullTile> full_;
  bool known_ = true;
};

}  // namespace

Result<IndexSums> verify_events(const Database& database, const core::Hasher& hasher,
                                const VerifyRange& range, Position visible,
                                const VerifyOptions& options, FaultLog& faults) {
  TreeCheck tree(database, hasher, options, faults);
  if (auto started = tree.start(range.from); !started) return started.error();
  EventPass pass{database, hasher, {}, range.from, tree.tiles_of_heads()};
  const std::uint64_t before = range.from.value % core::kTileWidth;
  auto leaves = computed_entries(database, hasher, 0, range.from.value - before, before);
  if (leaves) {
    pass.before = *std::move(leaves);
  } else if (leaves.error().code == Errc::corruption) {
    tree.lose(range.from, leaves.error());
  } else {
    return leaves.error();
  }

  const std::uint64_t size = part_events(range);
  const std::uint64_t parts =
      range.from == range.end ? 0 : (range.end.value - 1) / size - range.from.value / size + 1;
  IndexSums sums;
  std::optional<core::Timestamp> recorded;
  std::optional<Hash> root;
  const auto merge = [&](EventPart part) -> Status {
    if (recorded && part.first_recorded && *part.first_recorded < *recorded) {
      part.faults.event(part.first_readable,
                        "recorded_at is earlier than that of the event before");
    }
    if (part.last_recorded) recorded = part.last_recorded;
    faults.add(std::move(part.faults));
    sums.runs.add(part.sums.runs);
    sums.ids.add(part.sums.ids);
    if (auto added = tree.add(part); !added) return added;
    if (part.range.end == range.end) root = tree.root(range.end.value, part);
    if (options.progress &&
        !options.progress(part.range.end, range.end, faults.report().event_bytes)) {
      return Error{Errc::cancelled, "verifying was stopped"};
    }
    return core::Ok{};
  };
  auto read = in_order<EventPart>(
      parts, options.threads,
      [&](std::uint64_t i) { return verify_part(pass, part_of(range, size, i)); }, merge);
  if (!read) return read.error();
  if (parts == 0) {
    EventPart none;
    none.range = range;
    if (pass.before) none.leaves.emplace(range.from.value / core::kTileWidth, *pass.before);
    if (auto added = tree.add(none); !added) return added.error();
    root = tree.root(range.end.value, none);
  }
  tree.finish(range.end == visible);
  if (root && faults.report().lost_events == 0) {
    faults.report().tree = core::TreeHead{range.end.value, *root};
  }
  return sums;
}

}  // namespace hansard::rocks
