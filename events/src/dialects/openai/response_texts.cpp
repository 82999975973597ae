#include <algorithm>
#include <utility>

#include "dialects/frames.h"
#include "dialects/original.h"
#include "item_form.h"
#include "response_stream.h"

namespace hansard::events::openai {
namespace {

/// The list that `object` has under `key`, or nullptr.
template <class J>
auto* list_at(J* object, std::string_view key) {
  auto* value = object == nullptr ? nullptr : object->find(key);
  return value == nullptr ? nullptr : value->if_array();
}

template <class J>
J* element(J* object, std::string_view key, std::size_t index) {
  auto* list = list_at(object, key);
  return list == nullptr || index >= list->size() ? nullptr : &(*list)[index];
}

template <class J>
J* text_in(J* object, std::string_view key) {
  auto* value = object == nullptr ? nullptr : object->find(key);
  return value == nullptr || !value->is_string() ? nullptr : value;
}

template <class J>
J* find_any(J& item, TextPlace place) {
  switch (place.what) {
    case 't': {
      J* part = element(&item, "content", place.index);
      J* text = text_in(part, "text");
      return text != nullptr ? text : text_in(part, "refusal");
    }
    case 's':
      return text_in(element(&item, "summary", place.index), "text");
    case 'a':
      return text_in(&item, "arguments");
    case 'i':
      return text_in(&item, "input");
    case 'c':
      return text_in(&item, "code");
    case 'd':
      return text_in(item.find("operation"), "diff");
    case 'm': {
      J* command = element(item.find("action"), "commands", place.index);
      return command == nullptr || !command->is_string() ? nullptr : command;
    }
    default:
      return nullptr;
  }
}

/// The list under `key`, made where there is none.
Json::Array& made_list(Json& object, std::string_view key) {
  const Json* known = object.find(key);
  if (known == nullptr || !known->is_array()) set_member(object, key, Json(Json::Array{}));
  return *object.find(key)->if_array();
}

}  // namespace

const TextChannel* channel_named(std::string_view name) {
  const auto* found = std::find_if(kTextChannels.begin(), kTextChannels.end(),
                                   [&](const TextChannel& each) { return each.name == name; });
  return found == kTextChannels.end() ? nullptr : found;
}

const Json* find_text(const Json& item, TextPlace place) { return find_any(item, place); }
Json* find_text(Json& item, TextPlace place) { return find_any(item, place); }

Json* reach_text(Json& item, const TextChannel& channel, std::size_t index) {
  if (!item.is_object()) return nullptr;
  const TextPlace place{channel.what, index};
  if (Json* text = find_text(item, place)) return text;
  if (channel.what == 't' || channel.what == 's') {
    Json::Array& parts = made_list(item, channel.what == 't' ? "content" : "summary");
    if (index != parts.size()) return nullptr;
    Json part;
    part.add("type", channel.part_type).add(std::string(channel.done_key), "");
    parts.push_back(std::move(part));
  } else if (channel.what == 'm' || channel.what == 'd') {
    const std::string_view around = channel.what == 'm' ? "action" : "operation";
    Json* object = item.find(around);
    if (object == nullptr || !object->is_object()) return nullptr;
    if (channel.what == 'd') {
      set_member(*object, "diff", Json(""));
    } else {
      Json::Array& commands = made_list(*object, "commands");
      if (index != commands.size()) return nullptr;
      commands.emplace_back("");
    }
  } else {
    set_member(item, channel.done_key, Json(""));
  }
  return find_text(item, place);
}

std::vector<ItemText> texts_of(const Json& item) {
  std::vector<ItemText> texts;
  const std::string_view type = item_type(item);
  // Summaries come before the thoughts they are of.
  for (const char what : {'s', 't', 'a', 'i', 'c', 'd', 'm'}) {
    const std::string_view list_key = what == 't'   ? "content"
                                      : what == 's' ? "summary"
                                                    : "commands";
    const Json* around = what == 'm' ? item.find("action") : &item;
    const auto* list = list_at(around, list_key);
    const bool listed = what == 't' || what == 's' || what == 'm';
    const std::size_t count = !listed ? 1 : list == nullptr ? 0 : list->size();
    for (std::size_t i = 0; i < count; ++i) {
      if (find_text(item, {what, i}) == nullptr) continue;
      const std::string_view part_type =
          what == 't' || what == 's' ? text_of((*list)[i].find("type"), "") : "";
      const auto* channel =
          std::find_if(kTextChannels.begin(), kTextChannels.end(), [&](const TextChannel& each) {
            return each.what == what && each.item_type == type && each.part_type == part_type;
          });
      if (channel != kTextChannels.end()) texts.push_back({channel, {what, i}});
    }
  }
  return texts;
}

std::string track_key(std::size_t item, TextPlace place, bool indexed) {
  std::string key = std::to_string(item) + place.what;
  if (indexed) key += std::to_string(place.index);
  return key;
}

}  // namespace hansard::events::openai
