#pragma once

#include <optional>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "core/result.h"
#include "events/json.h"
#include "events/pattern.h"
#include "events/prompt/body.h"

/// What a prompt asks of the values it is given. Private to src/prompt.
namespace hansard::events::prompt {

/// True for what templates can name: `[A-Za-z_][A-Za-z0-9_]{0,63}`, no word of their language.
bool is_variable_name(std::string_view name);

/// The declared variables of one version, ready to check values. Immutable, thread-safe.
class Variables {
 public:
  /// Errors: invalid_argument, too_large; field `variables[2].rule.pattern` and the like.
  static core::Result<Variables> of(std::vector<PromptVariable> declared);

  /// The values to render with: those given, checked, and defaults. First what is missing, then
  /// types, then rules. Null counts as not given. `used`: what templates read; any other name that
  /// is not declared is refused.
  /// Errors: invalid_argument; field `variables.name`.
  [[nodiscard]] core::Result<Json::Object> complete(
      Json::Object given, const std::unordered_set<std::string_view>& used) const;

  [[nodiscard]] const std::vector<PromptVariable>& declared() const { return declared_; }

 private:
  [[nodiscard]] static bool required(const PromptVariable& variable);
  [[nodiscard]] static std::optional<std::string> wrong_type(const PromptVariable& variable,
                                                             const Json& value);
  [[nodiscard]] std::optional<std::string> breaks_rule(std::size_t variable,
                                                       const Json& value) const;
  core::Status check_rule(std::size_t variable);

  std::vector<PromptVariable> declared_;
  std::vector<std::optional<Pattern>> patterns_;  ///< of each
  std::unordered_map<std::string, std::size_t> by_name_;
};

}  // namespace hansard::events::prompt
