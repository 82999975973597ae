#include "events/json_patch.h"

#include <charconv>
#include <string>
#include <utility>

namespace hansard::events {
namespace {

constexpr std::string_view kReplace = "=";
constexpr std::string_view kDrop = "-";
constexpr std::string_view kMembers = "in";
constexpr std::string_view kElements = "at";

Json op(std::string_view name, Json value) {
  return Json::Object{{std::string(name), std::move(value)}};
}

bool repeats_a_key(const Json::Object& object) {
  for (std::size_t i = 0; i < object.size(); ++i) {
    for (std::size_t j = i + 1; j < object.size(); ++j) {
      if (object[i].key == object[j].key) return true;
    }
  }
  return false;
}

Json diff_members(const Json& from, const Json& to) {
  Json changes = Json::Object{};
  for (const Json::Member& member : *from.if_object()) {
    const Json* other = to.find(member.key);
    if (other == nullptr) {
      changes.add(member.key, op(kDrop, true));
    } else if (auto patch = diff_tree(member.value, *other)) {
      changes.add(member.key, *std::move(patch));
    }
  }
  for (const Json::Member& member : *to.if_object()) {
    if (from.find(member.key) == nullptr) changes.add(member.key, op(kReplace, member.value));
  }
  return op(kMembers, std::move(changes));
}

Json diff_elements(const Json::Array& from, const Json::Array& to) {
  Json changes = Json::Object{};
  for (std::size_t i = 0; i < from.size(); ++i) {
    if (auto patch = diff_tree(from[i], to[i])) changes.add(std::to_string(i), *std::move(patch));
  }
  return op(kElements, std::move(changes));
}

core::Error unfit(std::string_view why) {
  return {core::Errc::corruption, "a patch does not fit its value: " + std::string(why)};
}

core::Result<Json> patch_members(Json value, const Json& changes) {
  if (!value.is_object() || !changes.is_object()) return unfit("members of what is no object");
  Json::Object out;
  for (Json::Member& member : *value.if_object()) {
    const Json* change = changes.find(member.key);
    if (change == nullptr) {
      out.push_back(std::move(member));
    } else if (change->find(kDrop) == nullptr) {
      auto patched = apply_patch(std::move(member.value), *change);
      if (!patched) return patched.error();
      out.push_back({member.key, *std::move(patched)});
    }
    // The key itself stays: it says below which changes are of members that were there.
  }
  for (const Json::Member& change : *changes.if_object()) {
    if (value.find(change.key) != nullptr) continue;
    const Json* added = change.value.find(kReplace);
    if (added == nullptr) return unfit("no member '" + change.key + "'");
    out.push_back({change.key, *added});
  }
  return Json(std::move(out));
}

core::Result<Json> patch_elements(Json value, const Json& changes) {
  Json::Array* elements = value.if_array();
  if (elements == nullptr || !changes.is_object()) return unfit("elements of what is no array");
  for (const Json::Member& change : *changes.if_object()) {
    std::size_t index = 0;
    const char* const end = change.key.data() + change.key.size();
    const auto read = std::from_chars(change.key.data(), end, index);
    if (read.ec != std::errc{} || read.ptr != end || index >= elements->size()) {
      return unfit("no element '" + change.key + "'");
    }
    auto patched = apply_patch(std::move((*elements)[index]), change.value);
    if (!patched) return patched.error();
    (*elements)[index] = *std::move(patched);
  }
  return value;
}

}  // namespace

std::optional<Json> diff_tree(const Json& from, const Json& to) {
  if (same_tree(from, to)) return {};
  const auto* from_object = from.if_object();
  const auto* to_object = to.if_object();
  if (from_object != nullptr && to_object != nullptr && !repeats_a_key(*from_object) &&
      !repeats_a_key(*to_object)) {
    return diff_members(from, to);
  }
  const auto* from_array = from.if_array();
  const auto* to_array = to.if_array();
  if (from_array != nullptr && to_array != nullptr && from_array->size() == to_array->size()) {
    return diff_elements(*from_array, *to_array);
  }
  return op(kReplace, to);
}

core::Result<Json> apply_patch(Json value, const Json& patch) {
  if (const Json* whole = patch.find(kReplace)) return *whole;
  if (const Json* changes = patch.find(kMembers)) return patch_members(std::move(value), *changes);
  if (const Json* changes = patch.find(kElements)) {
    return patch_elements(std::move(value), *changes);
  }
  return unfit("an unknown operation");
}

}  // namespace hansard::events
