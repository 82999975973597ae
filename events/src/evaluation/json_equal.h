#pragma once

#include <cmath>
#include <cstdlib>

#include "events/json.h"

/// Values as JSON Schema compares them. Private to src/evaluation.
namespace hansard::events {

/// A number's value; far beyond what a double holds it is infinite. @pre a number
inline long double real(const Json& number) {
  return std::strtold(number.if_number()->lexeme.c_str(), nullptr);
}
/// 1.0 is whole. @pre a number
inline bool is_whole(const Json& number) {
  const long double value = real(number);
  return std::isfinite(value) && std::trunc(value) == value;
}

/// Numbers by value, members in any order.
inline bool equal(const Json& a, const Json& b) {  // NOLINT(misc-no-recursion): bounded by parsing
  if (a.kind() != b.kind()) return false;
  if (a.is_number()) return real(a) == real(b);
  if (const auto* list = a.if_array()) {
    const auto& other = *b.if_array();
    if (list->size() != other.size()) return false;
    for (std::size_t i = 0; i < other.size(); ++i) {
      if (!equal((*list)[i], other[i])) return false;
    }
    return true;
  }
  if (const auto* members = a.if_object()) {
    if (members->size() != b.if_object()->size()) return false;
    for (const auto& [key, value] : *members) {
      const Json* other = b.find(key);
      if (other == nullptr || !equal(value, *other)) return false;
    }
    return true;
  }
  if (const auto* text = a.if_string()) return *text == *b.if_string();
  const bool* flag = a.if_boolean();
  return flag == nullptr || *flag == *b.if_boolean();
}

}  // namespace hansard::events
