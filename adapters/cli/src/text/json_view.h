#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "events/json.h"

/// Reading answers of our own server: what is missing or of another kind reads as empty, because a
/// table with a gap serves people better than none.
namespace hansard::cli {

inline std::string text_of(const events::Json* value) {
  const std::string* text = value == nullptr ? nullptr : value->if_string();
  return text == nullptr ? std::string{} : *text;
}

inline std::string text_at(const events::Json& object, std::string_view key) {
  return text_of(object.find(key));
}

inline std::optional<std::uint64_t> number_of(const events::Json* value) {
  if (value == nullptr || !value->is_number()) return std::nullopt;
  const auto number = value->as_uint("");
  if (!number) return std::nullopt;
  return *number;
}

inline std::optional<std::uint64_t> number_at(const events::Json& object, std::string_view key) {
  return number_of(object.find(key));
}

inline bool flag_at(const events::Json& object, std::string_view key) {
  const events::Json* value = object.find(key);
  const bool* flag = value == nullptr ? nullptr : value->if_boolean();
  return flag != nullptr && *flag;
}

/// The elements of a list, or none.
inline const events::Json::Array& list_of(const events::Json* value) {
  static const events::Json::Array kNone;
  const events::Json::Array* list = value == nullptr ? nullptr : value->if_array();
  return list == nullptr ? kNone : *list;
}

inline const events::Json::Array& list_at(const events::Json& object, std::string_view key) {
  return list_of(object.find(key));
}

}  // namespace hansard::cli
