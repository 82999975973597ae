#include "prompt/helpers.h"

#include <algorithm>
#include <array>

#include "events/prompt/template.h"

namespace hansard::events::prompt {

namespace {

using core::Result;

constexpr std::array<HelperShape, 13> kHelpers{{{"capitalize", 0, 0},
                                                {"default", 1, 1},
                                                {"first", 0, 0},
                                                {"indent", 1, 1},
                                                {"join", 0, 1},
                                                {"json", 0, 0},
                                                {"last", 0, 0},
                                                {"length", 0, 0},
                                                {"lower", 0, 0},
                                                {"replace", 2, 2},
                                                {"trim", 0, 0},
                                                {"truncate", 1, 1},
                                                {"upper", 0, 0}}};

constexpr std::string_view kSpace = " \t\r\n";

bool begins_character(char c) { return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U; }

std::size_t characters(std::string_view text) {
  return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), begins_character));
}

char lowered(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }
char raised(char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c; }

std::string trimmed(const std::string& text) {
  const std::size_t from = text.find_first_not_of(kSpace);
  if (from == std::string::npos) return {};
  return text.substr(from, text.find_last_not_of(kSpace) - from + 1);
}

core::Error too_large(Place place) {
  return at(place, "the text would be longer than " + std::to_string(kRenderedBytesMax) + " bytes",
            core::Errc::too_large);
}

Result<std::size_t> count_of(const Json& value, Place place) {
  const auto number = value.as_uint("");
  if (!number || *number > kRenderedBytesMax) {
    return at(place, "a whole number up to " + std::to_string(kRenderedBytesMax) + " is expected");
  }
  return static_cast<std::size_t>(*number);
}

Result<Json> replaced(Place place, const std::string& text, const std::string& what,
                      const std::string& with) {
  if (what.empty()) return at(place, "an empty text cannot be replaced");
  std::string out;
  std::size_t from = 0;
  for (;;) {
    const std::size_t found = text.find(what, from);
    out.append(text, from, found == std::string::npos ? found : found - from);
    if (found == std::string::npos) return Json(std::move(out));
    out += with;
    if (out.size() > kRenderedBytesMax) return too_large(place);
    from = found + what.size();
  }
}

Json truncated(const std::string& text, std::size_t most) {
  if (characters(text) <= most) return text;
  if (most == 0) return "";
  std::size_t end = 0;
  for (std::size_t kept = 0; end < text.size(); ++end) {
    if (begins_character(text[end]) && kept++ == most - 1) break;
  }
  return text.substr(0, end) + "…";
}

Result<Json> indented(Place place, const std::string& text, std::size_t columns) {
  const auto lines = static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n'));
  if (columns > 0 &&
      lines > (kRenderedBytesMax - std::min(text.size(), kRenderedBytesMax)) / columns) {
    return too_large(place);
  }
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    out += text[i];
    const bool more = i + 1 < text.size() && text[i + 1] != '\n';
    if (text[i] == '\n' && more) out.append(columns, ' ');
  }
  return Json(std::move(out));
}

Result<Json> joined(Place place, const Json& value, const std::string& between) {
  const Json::Array* list = value.if_array();
  if (list == nullptr) {
    return at(place, "`join` is for lists, not " + std::string(describe(value.kind())));
  }
  std::string out;
  for (const Json& element : *list) {
    if (&element != &list->front()) out += between;
    out += printed(element);
    if (out.size() > kRenderedBytesMax) return too_large(place);
  }
  return Json(std::move(out));
}

Result<Json> length_of(Place place, const Json& value) {
  if (const auto* text = value.if_string()) return Json(characters(*text));
  if (const auto* list = value.if_array()) return Json(list->size());
  if (const auto* object = value.if_object()) return Json(object->size());
  return at(place, std::string(describe(value.kind())) + " has no length");
}

Result<Json> end_of(Place place, const Json& value, bool first) {
  const Json::Array* list = value.if_array();
  if (list == nullptr) {
    return at(place, std::string(describe(value.kind())) + " has no elements");
  }
  if (list->empty()) return Json(nullptr);
  return first ? list->front() : list->back();
}

std::string cased(std::string text, std::string_view how) {
  if (how == "capitalize") {
    if (!text.empty()) text[0] = raised(text[0]);
    return text;
  }
  std::transform(text.begin(), text.end(), text.begin(), how == "upper" ? raised : lowered);
  return text;
}

}  // namespace

const HelperShape* helper_shape(std::string_view name) {
  const auto found = std::find_if(kHelpers.begin(), kHelpers.end(),
                                  [&](const HelperShape& shape) { return shape.name == name; });
  return found == kHelpers.end() ? nullptr : &*found;
}

std::string printed(const Json& value) {
  if (value.is_null()) return {};
  if (const std::string* text = value.if_string()) return *text;
  return dump(value);
}

bool truthy(const Json& value) {
  switch (value.kind()) {
    case Json::Kind::null:
      return false;
    case Json::Kind::boolean:
      return *value.if_boolean();
    case Json::Kind::number: {
      const auto number = value.as_double("");
      return !number || *number != 0;
    }
    case Json::Kind::string:
      return !value.if_string()->empty();
    case Json::Kind::array:
      return !value.if_array()->empty();
    case Json::Kind::object:
      return !value.if_object()->empty();
  }
  return false;
}

bool equal(const Json& a, const Json& b) {
  if (a.is_number() && b.is_number()) {
    const auto left = a.as_double("");
    const auto right = b.as_double("");
    if (left && right) return *left == *right;
  }
  return same_tree(a, b);
}

Result<Json> apply_helper(std::string_view name, Place place, const Json& value,
                          std::span<const Json> arguments) {
  if (name == "json") return Json(dump(value));
  if (name == "length") return length_of(place, value);
  if (name == "first" || name == "last") return end_of(place, value, name == "first");
  if (name == "join") {
    return joined(place, value, arguments.empty() ? std::string() : printed(arguments[0]));
  }
  if (value.is_array() || value.is_object()) {
    return at(place, "`" + std::string(name) + "` is for texts, not " +
                         std::string(describe(value.kind())));
  }
  std::string text = printed(value);
  if (name == "trim") return Json(trimmed(text));
  if (name == "replace") return replaced(place, text, printed(arguments[0]), printed(arguments[1]));
  if (name == "truncate" || name == "indent") {
    const auto count = count_of(arguments[0], place);
    if (!count) return count.error();
    if (name == "truncate") return truncated(text, *count);
    return indented(place, text, *count);
  }
  return Json(cased(std::move(text), name));
}

}  // namespace hansard::events::prompt
