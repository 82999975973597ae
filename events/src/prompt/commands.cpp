#include "events/prompt/commands.h"

#include <algorithm>

#include "core/assert.h"
#include "session/fields.h"

namespace hansard::events {
namespace {

template <class T>
Json as_json(const T& value) {
  std::string text;
  fields::write(text, value);
  auto json = parse_json(text);
  HANSARD_ASSERT(json.has_value(), "what fields write is JSON");
  return *std::move(json);
}

/// Members in the order of their keys, at every depth.
void put_in_order(Json& json) {
  if (Json::Array* list = json.if_array()) {
    for (Json& element : *list) put_in_order(element);
  }
  if (Json::Object* object = json.if_object()) {
    for (Json::Member& member : *object) put_in_order(member.value);
    std::stable_sort(object->begin(), object->end(),
                     [](const auto& a, const auto& b) { return a.key < b.key; });
  }
}

}  // namespace

template <class C>
core::Result<C> parse_prompt_body(Json body) {
  if (auto repeated = first_duplicate_key(body)) {
    return bad_field(*repeated, "the field is repeated");
  }
  if (!body.is_object()) {
    return bad_field("", "expected a JSON object, found " + std::string(describe(body.kind())));
  }
  C command;
  fields::Reading reading{.strict = true};
  if (!fields::read(reading, fields::Path{}, fields::Bounds{}, body, command)) {
    return *std::move(reading.error);
  }
  return command;
}

template core::Result<StoreVersion> parse_prompt_body(Json);
template core::Result<MoveLabel> parse_prompt_body(Json);
template core::Result<RollBack> parse_prompt_body(Json);
template core::Result<RemoveLabel> parse_prompt_body(Json);
template core::Result<TagVersion> parse_prompt_body(Json);
template core::Result<DeleteVersion> parse_prompt_body(Json);

PromptBody body_of(const StoreVersion& command) {
  PromptBody body{command.kind.value_or(PromptKind::chat), command.messages, command.variables,
                  command.examples, command.config};
  if (command.text) {
    body.kind = PromptKind::text;
    body.messages = {{PromptRole::user, *command.text, std::nullopt}};
  }
  return body;
}

Json to_json(const StoreVersion& command) { return as_json(command); }
Json to_json(const PromptBody& body) { return as_json(body); }

std::string content_hash(const core::ProjectId& project, const PromptBody& body,
                         const core::KeyedHash& hash) {
  Json canonical = as_json(body);
  put_in_order(canonical);
  return core::to_hex(core::as_bytes(hash("prompt", project.text(), dump(canonical))));
}

}  // namespace hansard::events
