#include "digest.h"

#include <algorithm>

#include "ossl/hasher.h"

namespace hansard::crash {
namespace {

using events::Json;

Json sorted(const Json& value) {
  if (const auto* array = value.if_array()) {
    Json out(Json::Array{});
    for (const Json& element : *array) out.push(sorted(element));
    return out;
  }
  const auto* object = value.if_object();
  if (object == nullptr) return value;
  Json::Object members;
  for (const auto& member : *object) members.push_back({member.key, sorted(member.value)});
  std::stable_sort(members.begin(), members.end(),
                   [](const auto& a, const auto& b) { return a.key < b.key; });
  return members;
}

const ossl::OpenSslHasher& hasher() {
  static const ossl::OpenSslHasher instance;
  return instance;
}

}  // namespace

std::string canonical(const Json& value) { return events::dump(sorted(value)); }

core::Hash payload_digest(const Json& facts, const Json& content) {
  return hasher().sha256({canonical(facts), "\n", canonical(content)});
}

core::Hash fields_digest(const std::vector<std::string>& fields, const Json& facts,
                         const Json& content) {
  Json chosen(Json::Object{});
  for (const std::string& field : fields) {
    const Json* value = facts.find(field);
    if (value == nullptr) value = content.find(field);
    if (value != nullptr) chosen.add(field, *value);
  }
  return hasher().sha256({canonical(chosen)});
}

core::Hash text_digest(std::string_view text) { return hasher().sha256({text}); }

}  // namespace hansard::crash
