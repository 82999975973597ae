#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.h"
#include "events/prompt/body.h"

namespace hansard::events {

struct RenderedMessage {
  PromptRole role = PromptRole::user;
  std::string text;
};

/// A version of a prompt with values in its places.
struct RenderedPrompt {
  PromptKind kind = PromptKind::chat;
  std::vector<RenderedMessage> messages;  ///< at least one; none of them empty
  Json::Object variables;                 ///< that it was rendered with: those given, and defaults
};

/// A version of a prompt, parsed once for many renderings. Immutable; copies share what was parsed.
/// Thread-safe.
///
/// - Values are checked before anything is rendered: what is missing, then types, then rules. Names
///   that are neither declared nor read by a template are refused: they are spelling mistakes.
/// - Examples stand as a user's message and its answer each, after the leading system and developer
///   messages, in order; or, where a template of a message reads `examples`, only there: a list of
///   objects with `input` and `output`, rendered.
/// - A message of which nothing is left is left out.
class PreparedPrompt {
 public:
  /// Errors: invalid_argument, too_large: what keeps `body` from being a version; the field is
  /// `messages[2].content` and the like, the message names line and column.
  static core::Result<PreparedPrompt> prepare(const PromptBody& body);

  /// Errors: invalid_argument (a value is missing, unknown or wrong: `variables.name`; a template
  /// says what cannot be done: `messages[2].content`, line and column), too_large (a bound of
  /// `template.h`; they hold for all templates together).
  /// Cost: linear in values and text, at most the bounds.
  [[nodiscard]] core::Result<RenderedPrompt> render(Json::Object given) const;

  /// Names that it takes: declared ones in order, then the others that templates read.
  [[nodiscard]] const std::vector<std::string>& variables() const;
  /// Bytes of all templates.
  [[nodiscard]] std::size_t template_bytes() const;

 private:
  struct Parsed;
  explicit PreparedPrompt(std::shared_ptr<const Parsed> parsed) : parsed_(std::move(parsed)) {}
  std::shared_ptr<const Parsed> parsed_;
};

/// Once. Errors: both of the above.
core::Result<RenderedPrompt> render_prompt(const PromptBody& body, Json::Object given);

}  // namespace hansard::events
