#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "events/json.h"
#include "events/session/words.h"

/// What one version of a prompt says. Templates: `template.h`.
namespace hansard::events {

enum class PromptKind : std::uint8_t { chat, text, other };
enum class PromptRole : std::uint8_t { system, developer, user, assistant, other };
/// Types of variables. `number` takes whole ones too; `integer` no others.
enum class VariableType : std::uint8_t { text, integer, number, boolean, list, object, any, other };

template <>
inline constexpr std::array<std::string_view, 2> kWords<PromptKind>{"chat", "text"};
template <>
inline constexpr std::array<std::string_view, 4> kWords<PromptRole>{"system", "developer", "user",
                                                                    "assistant"};
template <>
inline constexpr std::array<std::string_view, 7> kWords<VariableType>{
    "text", "integer", "number", "boolean", "list", "object", "any"};

/// A message of a chat prompt, or the one of a text prompt.
struct PromptMessage {
  PromptRole role = PromptRole::user;
  std::string content;                 ///< a template
  std::optional<std::string> section;  ///< its name among the prompt's messages
  template <class V>
  static void fields(V& v) {
    v.field("role", &PromptMessage::role);
    v.field("content", &PromptMessage::content);
    v.field("section", &PromptMessage::section);
  }
};

/// What a value must satisfy beyond its type.
struct VariableRule {
  std::optional<double> min;  ///< of numbers
  std::optional<double> max;
  std::optional<std::uint64_t> min_length;  ///< characters of a text, elements of a list
  std::optional<std::uint64_t> max_length;
  std::vector<std::string> one_of;     ///< of texts
  std::optional<std::string> pattern;  ///< RE2; the whole text must match
  template <class V>
  static void fields(V& v) {
    v.field("min", &VariableRule::min);
    v.field("max", &VariableRule::max);
    v.field("min_length", &VariableRule::min_length);
    v.field("max_length", &VariableRule::max_length);
    v.field("one_of", &VariableRule::one_of);
    v.field("pattern", &VariableRule::pattern);
  }
};

struct PromptVariable {
  std::string name;
  std::optional<VariableType> type;   ///< `any` unless said
  std::optional<bool> required;       ///< unless said: where there is no default
  std::optional<Json> default_value;  ///< member `default`
  std::optional<VariableRule> rule;
  std::optional<std::string> description;
  template <class V>
  static void fields(V& v) {
    v.field("name", &PromptVariable::name);
    v.field("type", &PromptVariable::type);
    v.field("required", &PromptVariable::required);
    v.field("default", &PromptVariable::default_value);
    v.field("rule", &PromptVariable::rule);
    v.field("description", &PromptVariable::description);
  }
};

/// A pair that shows what is wanted; both are templates.
struct PromptExample {
  std::string input;
  std::string output;
  template <class V>
  static void fields(V& v) {
    v.field("input", &PromptExample::input);
    v.field("output", &PromptExample::output);
  }
};

/// All of a version that its content hash covers.
struct PromptBody {
  PromptKind kind = PromptKind::chat;
  std::vector<PromptMessage> messages;  ///< in order; of a text prompt one, of the user
  std::vector<PromptVariable> variables;
  std::vector<PromptExample> examples;
  std::optional<Json> config;  ///< model, temperature, ...: for who calls; never sent by itself
  template <class V>
  static void fields(V& v) {
    v.field("kind", &PromptBody::kind);
    v.field("messages", &PromptBody::messages);
    v.field("variables", &PromptBody::variables);
    v.field("examples", &PromptBody::examples);
    v.field("config", &PromptBody::config);
  }
};

// Bounds of one version.
inline constexpr std::size_t kPromptMessagesMax = 256;
inline constexpr std::size_t kPromptVariablesMax = 1'024;
inline constexpr std::size_t kPromptExamplesMax = 256;
inline constexpr std::size_t kPromptBytesMax = std::size_t{1} << 20;  ///< of all templates

}  // namespace hansard::events
