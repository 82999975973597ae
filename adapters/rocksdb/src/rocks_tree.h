#pragma once

#include <array>
#include <mutex>

#include "core/tree.h"
#include "database.h"
#include "published.h"

namespace hansard::rocks {

/// The `Tree` port: full tiles as stored; what a level's unfinished tile has is computed from below
/// and kept (a hash that is visible never changes), at most 8 KiB a level. Thread-safe.
class RocksTree final : public core::Tree {
 public:
  /// All references outlive the tree.
  RocksTree(const DatabaseSlot& databases, const Published& published, const core::Hasher& hasher)
      : databases_(databases), published_(published), hasher_(hasher) {}

  [[nodiscard]] core::TreeHead head() const override { return published_.tree(); }
  [[nodiscard]] core::Result<std::vector<core::Hash>> entries(std::uint8_t level,
                                                              std::uint64_t index,
                                                              std::uint64_t count) const override;

 private:
  /// The beginning of an unfinished tile, as far as somebody has asked for it.
  struct Beginning {
    std::uint64_t index = 0;
    std::vector<core::Hash> hashes;
  };

  const DatabaseSlot& databases_;
  const Published& published_;
  const core::Hasher& hasher_;
  mutable std::mutex mutex_;
  mutable std::array<Beginning, 8> beginnings_;  ///< by level; guarded by mutex_
};

}  // namespace hansard::rocks
