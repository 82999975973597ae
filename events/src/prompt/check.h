#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/result.h"
#include "events/prompt/facts.h"

/// What types cannot say about the fields of one event. Private to src/prompt.
namespace hansard::events {

/// Errors: invalid_argument with the bare field name; too_large.
core::Status check_event(const PromptEvent& event);

namespace prompt {

/// The body of a stored version.
PromptBody body_of(const PromptVersionStored& event);
/// A name of a version: 1 to 64 of A-Z a-z 0-9 . _ + -, a letter or digit first.
core::Status check_version(const PromptVersion& version, std::string_view field);
/// A label is a short identifier, but no number: that would name a version.
core::Status check_label(std::string_view label, std::string_view field);
core::Status check_tags(const std::vector<std::string>& tags);

}  // namespace prompt
}  // namespace hansard::events
