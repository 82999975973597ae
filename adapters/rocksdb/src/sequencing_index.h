#pragma once

#include <string>

#include "core/sequencer.h"
#include "database.h"
#include "group_exchange.h"
#include "head_cache.h"

namespace hansard::rocks {

/// What the sequencer sees: the database, and over it whatever is sequenced but not written yet.
/// Confined to the sequencing thread.
class SequencingIndex final : public core::SequencerIndex {
 public:
  SequencingIndex(const GroupExchange& exchange, std::size_t head_cache_bytes)
      : exchange_(exchange), heads_(head_cache_bytes) {}

  /// The database to look in, and the group being built (may be null), until the next call.
  void look_at(const Database* database, const Group* open) {
    database_ = database;
    open_ = open;
  }
  [[nodiscard]] core::Result<std::optional<core::Version>> head(
      const core::StreamKey& stream) const override;
  [[nodiscard]] core::Result<std::optional<core::OwnedEvent>> find(
      const core::ProjectId& project, const core::EventId& id) const override;

  /// Moves the heads on by what `group` will write.
  void wrote(const core::ProjectId& project, const std::vector<core::SequencedRecord>& writes,
             std::uint64_t group);
  void forget() { heads_.clear(); }
  [[nodiscard]] std::size_t bytes() const { return heads_.bytes(); }

 private:
  const GroupExchange& exchange_;
  const Database* database_ = nullptr;
  const Group* open_ = nullptr;
  mutable HeadCache heads_;
  mutable std::string key_;  ///< scratch
};

}  // namespace hansard::rocks
