#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/projection.h"
#include "events/prompt/facts.h"

namespace hansard::projections {

/// The view `prompts`: one row a prompt, of facts only, so that an erasure never touches it.
///
/// Row: key project 0 name 0; varint kind, signed varints created and changed at (microseconds),
/// optional text trial, varint count of labels and of each texts label and version, varint count of
/// versions and of each text version, byte deleted, varint count of tags and the texts.
class Prompts final : public core::Projection {
 public:
  [[nodiscard]] std::string_view name() const override { return "prompts"; }
  [[nodiscard]] std::uint32_t version() const override { return 1; }
  core::Status apply(const core::RecordedEvent& event, core::ReadModelBatch& batch) const override;
};

struct ListedPrompt {
  struct Version {
    events::PromptVersion name;
    bool deleted = false;
    std::vector<std::string> tags;
    bool operator==(const Version&) const = default;
  };
  std::string name;
  events::PromptKind kind = events::PromptKind::chat;  ///< of the version stored last
  core::Timestamp created_at;
  core::Timestamp changed_at;
  std::optional<std::string> trial;
  std::vector<std::pair<std::string, events::PromptVersion>> labels;  ///< by label
  std::vector<Version> versions;  ///< in the order in which they were stored
  bool operator==(const ListedPrompt&) const = default;

  /// The version stored last that is offered; nullptr: none is.
  [[nodiscard]] const Version* latest() const;
};

inline constexpr std::size_t kPromptPageMax = 1'000;
/// Rows looked at for one page; it may therefore be short, or empty, and still have a cursor.
inline constexpr std::size_t kPromptScanMax = 10'000;

struct PromptQuery {
  core::ProjectId project;
  std::string prefix;                ///< of names
  std::optional<std::string> label;  ///< that names a version
  std::vector<std::string> tags;     ///< some version that is offered has all of them
  std::string cursor;                ///< the last name looked at for the page before
  std::size_t limit = 100;
};

struct PromptPage {
  std::vector<ListedPrompt> prompts;  ///< by name
  std::optional<std::string> next;    ///< cursor of the following page
  core::Position checkpoint;
};

/// Errors: those of the model; corruption. @pre limit is 1..kPromptPageMax
core::Result<PromptPage> list_prompts(const core::ReadModel& model, const PromptQuery& query);

}  // namespace hansard::projections
