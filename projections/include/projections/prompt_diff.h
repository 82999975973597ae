#pragma once

#include <optional>
#include <string>
#include <vector>

#include "events/prompt/body.h"

namespace hansard::projections {

/// One thing in which two versions of a prompt differ.
struct PromptChange {
  enum class Kind : std::uint8_t { added, removed, changed };
  Kind kind = Kind::changed;
  std::string where;  ///< `messages[1].content`, `messages[frame].content` (a section),
                      ///< `variables.name.type`, `examples[0].input`, `config.temperature`, `kind`
  std::optional<events::Json> before;  ///< of what is no template
  std::optional<events::Json> after;
  /// Of a template: all its lines, with "- ", "+ " or "  " in front.
  std::vector<std::string> lines;
};

/// Templates with more lines than this, both together, are told as two whole texts.
inline constexpr std::size_t kPromptDiffLinesMax = 4'000;

/// What to do to `from` to get `to`; nothing: they say the same. Messages with sections are found
/// by these, others by their place among those without; variables by their names.
/// Cost: the product of the lines of each template that differs.
std::vector<PromptChange> diff_prompts(const events::PromptBody& from,
                                       const events::PromptBody& to);

std::string_view to_word(PromptChange::Kind kind);

}  // namespace hansard::projections
