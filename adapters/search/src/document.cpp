#include "document.h"

#include <algorithm>
#include <array>
#include <string_view>
#include <type_traits>
#include <utility>
#include <variant>

#include "events/json.h"

namespace hansard::search {
namespace {

using projections::SearchKind;
using projections::SearchRole;

constexpr std::array<std::string_view, 7> kTypes{
    events::SessionConfigured::kType, events::MessageSent::kType, events::ResponseReceived::kType,
    events::ResponseFailed::kType,    events::ToolCalled::kType,  events::ToolCompleted::kType,
    events::ToolFailed::kType,
};

void add_line(std::string& to, std::string_view text) {
  if (text.empty()) return;
  if (!to.empty() && to.back() != '\n') to.push_back('\n');
  to.append(text);
}

void add_parts(std::string& to, const events::Parts& parts) {
  for (const events::Part& part : parts) {
    if (const auto text = part.text()) add_line(to, *text);
  }
}

/// Values with their keys, a line each; what is neither text nor number is left out.
void add_values(std::string& to, std::string_view key, const events::Json& value) {
  if (const auto* object = value.if_object()) {
    for (const auto& member : *object) add_values(to, member.key, member.value);
    return;
  }
  if (const auto* array = value.if_array()) {
    for (const events::Json& element : *array) add_values(to, key, element);
    return;
  }
  std::string_view text;
  if (const auto* words = value.if_string()) text = *words;
  if (const auto* number = value.if_number()) text = number->lexeme;
  if (text.empty()) return;
  if (key.empty()) return add_line(to, text);
  add_line(to, std::string(key) + ": " + std::string(text));
}

/// Arguments and outputs are often JSON in a text: then it is the values that are read, not the
/// text with its escapes.
void add_payload(std::string& to, const events::Json& value) {
  const auto* text = value.if_string();
  if (text == nullptr) return add_values(to, {}, value);
  const auto first = text->find_first_not_of(" \t\r\n");
  if (first != std::string::npos && ((*text)[first] == '{' || (*text)[first] == '[')) {
    if (const auto parsed = events::parse_json(*text)) return add_values(to, {}, *parsed);
  }
  add_line(to, *text);
}

SearchRole role_of(events::Role role) {
  switch (role) {
    case events::Role::system:
      return SearchRole::system;
    case events::Role::developer:
      return SearchRole::developer;
    case events::Role::user:
      return SearchRole::user;
    case events::Role::agent:
      return SearchRole::agent;
    case events::Role::other:
      break;
  }
  return SearchRole::other;
}

Document document(const events::MessageSent& event) {
  Document made{SearchKind::message, role_of(event.role), event.message_id};
  add_parts(made.text, event.parts);
  return made;
}

Document document(const events::ResponseReceived& event) {
  Document made{SearchKind::answer, SearchRole::assistant, event.message_id, event.provider,
                event.model};
  add_parts(made.text, event.parts);
  return made;
}

Document document(const events::ResponseFailed& event) {
  Document made{SearchKind::failed_answer, SearchRole::assistant, {}, event.provider, event.model};
  if (event.parts) add_parts(made.text, *event.parts);
  return made;
}

std::optional<Document> document(const events::SessionConfigured& event) {
  if (!event.system && !event.system_hash) return {};
  Document made{SearchKind::system, SearchRole::system, {}, event.provider, event.model};
  if (event.system) add_line(made.text, *event.system);
  return made;
}

Document document(const events::ToolCalled& event) {
  Document made{SearchKind::tool_call, SearchRole::assistant, event.message_id, {}, {}, event.tool};
  add_payload(made.text, event.arguments);
  return made;
}

Document document(const events::ToolCompleted& event) {
  Document made{
      SearchKind::tool_result, SearchRole::tool, event.message_id.value_or(""), {}, {}, event.tool};
  add_payload(made.text, event.output);
  return made;
}

Document document(const events::ToolFailed& event) {
  Document made{
      SearchKind::tool_error, SearchRole::tool, event.message_id.value_or(""), {}, {}, event.tool};
  add_payload(made.text, event.error);
  return made;
}

template <class E>
std::optional<Document> document(const E& /*event*/) {
  return {};
}

}  // namespace

bool may_be_document(const core::RecordedEvent& event) {
  return std::find(kTypes.begin(), kTypes.end(), event.type) != kTypes.end() &&
         (event.stream.starts_with("session-") || event.stream.starts_with("calls-"));
}

core::Result<std::optional<Document>> read_document(const core::RecordedEvent& event,
                                                    const events::SessionCodec& codec) {
  if (!may_be_document(event)) return std::optional<Document>{};
  const auto decoded = codec.decode(event);
  if (!decoded) return decoded.error();
  return std::visit([](const auto& known) -> std::optional<Document> { return document(known); },
                    decoded->event);
}

}  // namespace hansard::search
