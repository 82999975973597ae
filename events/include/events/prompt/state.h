#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

#include "core/event.h"
#include "core/ids.h"
#include "events/prompt/facts.h"

namespace hansard::events {

/// One version as its prompt's stream tells it.
struct StoredPrompt {
  PromptVersion version;
  std::string content_hash;
  PromptBody body;  ///< empty when erased
  bool erased = false;
  bool deleted = false;
  std::vector<std::string> tags;
  std::vector<std::string> first_tags;  ///< it was stored with
  std::optional<std::string> description;
  std::optional<Json> metadata;
  core::Position position;  ///< of its event
  core::Timestamp recorded_at;
  core::KeyId actor;
};

/// One move of a label, oldest first in `PromptState::moves`.
struct LabelMove {
  std::string label;
  std::optional<PromptVersion> from;
  std::optional<PromptVersion> to;  ///< absent: removed
  LabelReason reason = LabelReason::set;
  std::optional<std::string> experiment;
  std::optional<std::string> comment;
  core::Position position;
  core::Timestamp recorded_at;
  core::KeyId actor;
};

/// A prompt: the fold of its stream. A value.
struct PromptState {
  std::uint64_t next_version = 0;      ///< of the stream; 0: there is no such prompt
  std::vector<StoredPrompt> versions;  ///< in the order in which they were stored
  std::map<std::string, PromptVersion, std::less<>> labels;
  std::vector<LabelMove> moves;
  std::optional<std::string> trial;  ///< the experiment that decides for calls without a version
  std::unordered_set<core::EventId> ids;
  std::size_t text_bytes = 0;

  [[nodiscard]] bool exists() const { return next_version > 0; }
  /// Deleted ones too; nullptr: no such version.
  [[nodiscard]] const StoredPrompt* find(const PromptVersion& version) const;
  /// What `selector` names: a version or a label, or `latest`; empty: production. nullptr: nothing,
  /// or deleted.
  [[nodiscard]] const StoredPrompt* select(std::string_view selector) const;
};

/// What `event` leaves behind. Accepts everything, in any order. `recorded` gives position, time
/// and actor.
PromptState after(PromptState state, const core::RecordedEvent& recorded, const PromptEvent& event,
                  bool erased);

/// Where a version stands: `production` or `staging` when that label names it, else `dev`.
std::string_view stage_of(const PromptState& state, const PromptVersion& version);

std::size_t approximate_bytes(const PromptState& state);

}  // namespace hansard::events
