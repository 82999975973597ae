#pragma once

#include <optional>
#include <string>
#include <vector>

#include "projections/overview.h"

namespace hansard::projections {

/// A message of the window, or the summary that stands for several.
struct ContextMessage {
  Entry entry;  ///< MessageSent, ResponseReceived, a tool entry, or the ContextOptimized
  std::vector<std::string> summary_of =
      {};  ///< message ids that a ContextOptimized's summary replaces
};

/// What a model would be sent next, as far as the record says.
struct ContextWindow {
  core::ProjectId project;
  core::StreamId stream;
  Moment as_of;
  std::optional<Entry> created;
  SessionConfig config;
  std::vector<ContextMessage> messages;
  std::vector<std::string> removed;  ///< message ids no longer sent, in order of removal

  /// Size as last reported: after an answer its input and output, after a ContextOptimized its
  /// `tokens_after`. Messages since then are not in it.
  struct Tokens {
    std::uint64_t count = 0;
    EntryInfo reported_by;
  };
  std::optional<Tokens> tokens;
};

/// The window after a history: messages and one answer to each call in order, without what
/// ContextOptimized removed; a summary stands where the first message it replaces stood.
ContextWindow window_after(History history);

}  // namespace hansard::projections
