#pragma once

#include <string>

#include "core/sequencer.h"
#include "database.h"
#include "erasure_mask.h"
#include "group.h"
#include "head_cache.h"

namespace hansard::rocks {

/// What the sequencer sees: the database, synced or not, and over it the group being built.
/// Confined to the sequencing thread.
class SequencingIndex final : public core::SequencerIndex {
 public:
  SequencingIndex(const Group& group, std::size_t head_cache_bytes, const ReadAs& read_as)
      : group_(group), read_as_(read_as), heads_(head_cache_bytes) {}

  /// The database to look in, until the next call.
  void look_at(const Database& database) { database_ = &database; }
  [[nodiscard]] core::Result<std::optional<core::Version>> head(
      const core::StreamKey& stream) const override;
  [[nodiscard]] core::Result<std::optional<core::OwnedEvent>> find(
      const core::ProjectId& project, const core::EventId& id) const override;

  /// Moves the heads on by what the group will write.
  void wrote(const core::ProjectId& project, const std::vector<core::SequencedRecord>& writes);
  void group_is_written() { heads_.all_written(); }
  void forget() { heads_.clear(); }
  [[nodiscard]] std::size_t bytes() const { return heads_.bytes(); }

 private:
  const Group& group_;
  const ReadAs read_as_;
  const Database* database_ = nullptr;
  mutable HeadCache heads_;
  mutable std::string key_;  ///< scratch
};

}  // namespace hansard::rocks
