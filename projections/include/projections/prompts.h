#pragma once

#include <memory>
#include <string_view>

#include "events/prompt/state.h"
#include "projections/as_of.h"
#include "projections/stream_states.h"

namespace hansard::projections {

/// The stream of a prompt. Errors: invalid_argument (`name`: 1 to 100 of A-Z a-z 0-9 . _ ~ -).
core::Result<core::StreamId> prompt_stream(std::string_view name);

/// Prompts by name. Threads: safe to call concurrently.
class PromptReader {
 public:
  /// `log` outlives this.
  explicit PromptReader(const core::EventLog& log);

  /// As of the log's visible end; a state that does not exist where there is no such prompt.
  /// Errors: invalid_argument (no name of a prompt), those of the log.
  core::Result<std::shared_ptr<const events::PromptState>> read(const core::ProjectId& project,
                                                                std::string_view name);

 private:
  StreamStates<events::PromptState> states_;
};

/// A prompt as of an earlier moment: reads its stream. Errors: as above.
core::Result<events::PromptState> prompt_as_of(const core::EventLog& log,
                                               const core::ProjectId& project,
                                               std::string_view name, const AsOf& as_of);

}  // namespace hansard::projections
