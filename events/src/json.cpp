#include "events/json.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdlib>
#include <numeric>
#include <unordered_set>

#include "core/assert.h"

namespace hansard::events {
namespace {

core::Error wrong_kind(std::string_view path, std::string_view wanted, Json::Kind found) {
  return bad_field(path,
                   "expected " + std::string(wanted) + ", found " + std::string(describe(found)));
}

/// Indices of the members in key order; equal keys stay in their order.
std::vector<std::size_t> by_key(const Json::Object& object) {
  std::vector<std::size_t> order(object.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return object[a].key < object[b].key; });
  return order;
}

/// Writes the path of the first repeated key into `path` and returns true, or returns false.
bool find_duplicate(const Json& value, std::string& path) {
  const std::string here = path;
  if (const auto* array = value.if_array()) {
    for (std::size_t i = 0; i < array->size(); ++i) {
      path = join_path(here, i);
      if (find_duplicate((*array)[i], path)) return true;
    }
  } else if (const auto* object = value.if_object()) {
    std::unordered_set<std::string_view> seen;
    for (const auto& member : *object) {
      path = join_path(here, member.key);
      if (!seen.insert(member.key).second) return true;
      if (find_duplicate(member.value, path)) return true;
    }
  }
  path = here;
  return false;
}

}  // namespace

Json::Json(const Json& other) = default;
Json::Json(Json&& other) noexcept = default;
Json& Json::operator=(const Json& other) = default;
Json& Json::operator=(Json&& other) noexcept = default;
Json::~Json() = default;

std::string_view describe(Json::Kind kind) {
  switch (kind) {
    case Json::Kind::null:
      return "null";
    case Json::Kind::boolean:
      return "a boolean";
    case Json::Kind::number:
      return "a number";
    case Json::Kind::string:
      return "a string";
    case Json::Kind::array:
      return "an array";
    case Json::Kind::object:
      return "an object";
  }
  return "nothing";
}

Json Json::number(double value) {
  if (!std::isfinite(value)) return {};
  char text[32];
  const auto end = std::to_chars(text, text + sizeof text, value);
  return Number{std::string(text, end.ptr)};
}

core::Result<bool> Json::as_boolean(std::string_view path) const {
  if (const auto* value = if_boolean()) return *value;
  return wrong_kind(path, "a boolean", kind());
}

core::Result<std::string> Json::as_string(std::string_view path) const {
  if (const auto* value = if_string()) return *value;
  return wrong_kind(path, "a string", kind());
}

core::Result<std::uint64_t> Json::as_uint(std::string_view path) const {
  const auto* number = if_number();
  if (number == nullptr) return wrong_kind(path, "a whole number", kind());
  const std::string& text = number->lexeme;
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error == std::errc{} && end == text.data() + text.size()) return value;
  const std::string shown = text.size() <= 40 ? text : text.substr(0, 40) + "...";
  return bad_field(path, "expected a whole number from 0 to 18446744073709551615, found " + shown);
}

core::Result<double> Json::as_double(std::string_view path) const {
  const auto* number = if_number();
  if (number == nullptr) return wrong_kind(path, "a number", kind());
  const std::string& text = number->lexeme;
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error == std::errc{}) return value;
  // Out of range both ways; strtod tells a vanishing number from an endless one.
  value = std::strtod(text.c_str(), nullptr);
  if (std::isfinite(value)) return value;
  return bad_field(path, "is beyond the range of a double");
}

const Json* Json::find(std::string_view key) const {
  const auto* object = if_object();
  if (object == nullptr) return nullptr;
  for (const auto& member : *object) {
    if (member.key == key) return &member.value;
  }
  return nullptr;
}

Json* Json::find(std::string_view key) {
  return const_cast<Json*>(static_cast<const Json&>(*this).find(key));
}

Json& Json::add(std::string key, Json value) {
  if (is_null()) value_ = Object{};
  auto* object = if_object();
  HANSARD_ASSERT(object != nullptr, "members are added to objects only");
  object->push_back({std::move(key), std::move(value)});
  return *this;
}

Json& Json::push(Json value) {
  if (is_null()) value_ = Array{};
  auto* array = if_array();
  HANSARD_ASSERT(array != nullptr, "elements are added to arrays only");
  array->push_back(std::move(value));
  return *this;
}

void dump_string_to(std::string_view text, std::string& out) {
  static constexpr std::string_view kHex = "0123456789abcdef";
  out.push_back('"');
  std::size_t copied = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto byte = static_cast<unsigned char>(text[i]);
    if (byte >= 0x20 && byte != '"' && byte != '\\') continue;
    out.append(text, copied, i - copied);
    copied = i + 1;
    out.push_back('\\');
    switch (byte) {
      case '"':
      case '\\':
        out.push_back(text[i]);
        break;
      case '\b':
        out.push_back('b');
        break;
      case '\f':
        out.push_back('f');
        break;
      case '\n':
        out.push_back('n');
        break;
      case '\r':
        out.push_back('r');
        break;
      case '\t':
        out.push_back('t');
        break;
      default:
        out.append("u00");
        out.push_back(kHex[byte >> 4]);
        out.push_back(kHex[byte & 15]);
    }
  }
  out.append(text, copied, text.size() - copied);
  out.push_back('"');
}

namespace {

void dump_object_to(const Json::Object& object, std::string& out) {
  out.push_back('{');
  bool first = true;
  for (const auto& member : object) {
    if (!first) out.push_back(',');
    first = false;
    dump_string_to(member.key, out);
    out.push_back(':');
    dump_to(member.value, out);
  }
  out.push_back('}');
}

}  // namespace

void dump_to(const Json& value, std::string& out) {
  switch (value.kind()) {
    case Json::Kind::null:
      out.append("null");
      break;
    case Json::Kind::boolean:
      out.append(*value.if_boolean() ? "true" : "false");
      break;
    case Json::Kind::number:
      out.append(value.if_number()->lexeme);
      break;
    case Json::Kind::string:
      dump_string_to(*value.if_string(), out);
      break;
    case Json::Kind::array: {
      out.push_back('[');
      bool first = true;
      for (const auto& element : *value.if_array()) {
        if (!first) out.push_back(',');
        first = false;
        dump_to(element, out);
      }
      out.push_back(']');
      break;
    }
    case Json::Kind::object:
      dump_object_to(*value.if_object(), out);
      break;
  }
}

std::string dump(const Json& value) {
  std::string out;
  dump_to(value, out);
  return out;
}

std::string dump(const Json::Object& value) {
  std::string out;
  dump_object_to(value, out);
  return out;
}

bool same_tree(const Json::Object& a, const Json::Object& b) {
  if (a.size() != b.size()) return false;
  std::size_t in_order = 0;
  while (in_order < a.size() && a[in_order].key == b[in_order].key) ++in_order;
  if (in_order == a.size()) {
    for (std::size_t i = 0; i < a.size(); ++i) {
      if (!same_tree(a[i].value, b[i].value)) return false;
    }
    return true;
  }
  const auto order_a = by_key(a);
  const auto order_b = by_key(b);
  for (std::size_t i = 0; i < a.size(); ++i) {
    const auto& left = a[order_a[i]];
    const auto& right = b[order_b[i]];
    if (left.key != right.key || !same_tree(left.value, right.value)) return false;
  }
  return true;
}

bool same_tree(const Json& a, const Json& b) {
  if (a.kind() != b.kind()) return false;
  switch (a.kind()) {
    case Json::Kind::null:
      return true;
    case Json::Kind::boolean:
      return *a.if_boolean() == *b.if_boolean();
    case Json::Kind::number:
      return *a.if_number() == *b.if_number();
    case Json::Kind::string:
      return *a.if_string() == *b.if_string();
    case Json::Kind::array:
      return std::equal(a.if_array()->begin(), a.if_array()->end(), b.if_array()->begin(),
                        b.if_array()->end(),
                        [](const Json& x, const Json& y) { return same_tree(x, y); });
    case Json::Kind::object:
      return same_tree(*a.if_object(), *b.if_object());
  }
  return false;
}

std::optional<std::string> first_duplicate_key(const Json& value) {
  std::string path;
  if (find_duplicate(value, path)) return path;
  return std::nullopt;
}

std::string join_path(std::string_view path, std::string_view key) {
  std::string joined(path);
  if (!joined.empty() && !key.empty()) joined.push_back('.');
  return joined.append(key);
}

std::string join_path(std::string_view path, std::size_t index) {
  return std::string(path) + "[" + std::to_string(index) + "]";
}

core::Error bad_field(std::string_view path, std::string_view what) {
  std::string message(path);
  if (!message.empty()) message.append(": ");
  message.append(what);
  return core::Error{.code = core::Errc::invalid_argument,
                     .message = std::move(message),
                     .field = std::string(path)};
}

}  // namespace hansard::events
