#include "dialects/original.h"

#include <string>
#include <utility>

namespace hansard::events {

const Json* extra_for(std::string_view dialect, const std::optional<Json>& extra) {
  if (!extra) return nullptr;
  return text_of(extra->find("dialect"), "") == dialect ? &*extra : nullptr;
}

const Json* member(const Json* object, std::string_view key) {
  return object == nullptr ? nullptr : object->find(key);
}

std::string_view text_of(const Json* json, std::string_view otherwise) {
  const auto* text = json == nullptr ? nullptr : json->if_string();
  return text == nullptr ? otherwise : std::string_view(*text);
}

void add_members(const Json* object, Json& to) {
  if (object == nullptr || !object->is_object()) return;
  for (const auto& each : *object->if_object()) to.add(each.key, each.value);
}

void add_fields(const Json* from, Json& to) { add_members(member(from, "fields"), to); }

Json retyped(const Json& object, std::string_view type, std::string_view from,
             std::string_view to) {
  Json::Object made;
  for (const auto& each : *object.if_object()) {
    if (each.key == "type") {
      made.push_back({"type", type});
    } else if (!from.empty() && each.key == from) {
      made.push_back({std::string(to), each.value});
    } else {
      made.push_back(each);
    }
  }
  return made;
}

}  // namespace hansard::events
