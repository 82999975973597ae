#include "request_key.h"

#include <algorithm>
#include <vector>

namespace hansard::gateway {

namespace {

using events::Json;

void write(const Json& value, std::string& out);

/// Bytes as they are, their number in front: escaping them took as long as hashing them.
void write(char kind, std::string_view bytes, std::string& out) {
  out += kind;
  out += std::to_string(bytes.size());
  out += ':';
  out += bytes;
}

void write(const Json::Object& object, bool outermost, std::string& out) {
  std::vector<const Json::Member*> members;
  members.reserve(object.size());
  for (const Json::Member& member : object) {
    const bool transport = outermost && (member.key == "stream" || member.key == "stream_options");
    if (!transport) members.push_back(&member);
  }
  // Repeated keys keep their order: which of them counts is the provider's to know.
  std::stable_sort(members.begin(), members.end(),
                   [](const auto* a, const auto* b) { return a->key < b->key; });
  out += '{';
  for (const Json::Member* member : members) {
    write('k', member->key, out);
    write(member->value, out);
  }
  out += '}';
}

void write(const Json& value, std::string& out) {
  if (const std::string* text = value.if_string()) return write('s', *text, out);
  if (const Json::Number* number = value.if_number()) return write('n', number->lexeme, out);
  if (const auto* object = value.if_object()) return write(*object, false, out);
  const auto* array = value.if_array();
  if (array == nullptr) return dump_to(value, out);  // null, true, false
  out += '[';
  for (const Json& each : *array) write(each, out);
  out += ']';
}

}  // namespace

std::string canonical_request(std::string_view api, const Json& body) {
  std::string out(api);
  out += '\n';
  if (const auto* object = body.if_object()) {
    write(*object, true, out);
  } else {
    write(body, out);
  }
  return out;
}

}  // namespace hansard::gateway
