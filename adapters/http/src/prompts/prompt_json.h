#pragma once

#include <vector>

#include "events/prompt/state.h"
#include "projections/prompt_diff.h"
#include "projections/prompt_directory.h"

/// Prompts as JSON answers.
namespace hansard::http {

/// A whole number as a number, else its text.
events::Json version_json(const events::PromptVersion& version);

/// A prompt in a list.
events::Json listed_json(const projections::ListedPrompt& listed);

/// A version without what it says; members of it go to `out`.
void add_version_head(events::Json& out, const events::PromptState& state,
                      const events::StoredPrompt& stored);
/// What it says: kind, messages, variables, examples, config, description, metadata.
void add_version_body(events::Json& out, const events::StoredPrompt& stored);

/// What happened to a prompt: an entry of its history.
events::Json history_json(const core::RecordedEvent& recorded, const events::PromptEvent& event);

events::Json changes_json(const std::vector<projections::PromptChange>& changes);

}  // namespace hansard::http
