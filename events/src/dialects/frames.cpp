#include "dialects/frames.h"

#include <algorithm>
#include <utility>

#include "dialects/original.h"

namespace hansard::events {

void set_member(Json& object, std::string_view key, Json value) {
  if (Json* known = object.find(key)) {
    *known = std::move(value);
  } else {
    object.add(std::string(key), std::move(value));
  }
}

void drop_member(Json& object, std::string_view key) {
  if (Json::Object* members = object.if_object()) {
    std::erase_if(*members, [&](const Json::Member& each) { return each.key == key; });
  }
}

Json kept_frame(const StreamFrame& frame) {
  Json kept;
  if (!frame.event.empty()) kept.add("event", frame.event);
  auto data = parse_json(frame.data);
  kept.add("data", data ? *std::move(data) : Json(frame.data));
  return kept;
}

void write_kept(const Json* frames, std::uint64_t at_us, std::vector<TimedFrame>& out) {
  const Json::Array* list = frames == nullptr ? nullptr : frames->if_array();
  if (list == nullptr) return;
  for (const Json& each : *list) {
    const Json* data = each.find("data");
    if (data == nullptr) continue;
    // Text that was no JSON goes out as it came.
    const auto* text = data->if_string();
    const bool bare = text != nullptr && !check_json(*text);
    out.push_back(
        {at_us, std::string(text_of(each.find("event"), "")), bare ? *text : dump(*data)});
  }
}

}  // namespace hansard::events
