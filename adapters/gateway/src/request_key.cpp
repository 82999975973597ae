#include "request_key.h"

#include <algorithm>
#include <vector>

namespace hansard::gateway {

namespace {

using events::Json;

void write(const Json& value, std::string& out);

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
    if (member != members.front()) out += ',';
    events::dump_string_to(member->key, out);
    out += ':';
    write(member->value, out);
  }
  out += '}';
}

void write(const Json& value, std::string& out) {
  if (const auto* object = value.if_object()) return write(*object, false, out);
  const auto* array = value.if_array();
  if (array == nullptr) return dump_to(value, out);
  out += '[';
  for (std::size_t i = 0; i < array->size(); ++i) {
    if (i != 0) out += ',';
    write((*array)[i], out);
  }
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
