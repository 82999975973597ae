#include <algorithm>

#include "chat_stream.h"
#include "dialects/original.h"

namespace hansard::events::openai {
namespace {

/// Exactly {type, <key>}, with this type.
template <class J>
auto* only_member(J& part, std::string_view type, std::string_view key) {
  const bool fits =
      part.is_object() && part.if_object()->size() == 2 && text_of(part.find("type"), "") == type;
  return fits ? part.find(key) : nullptr;
}

template <class J>
auto find_open(J& part) -> decltype(part.if_string()) {
  if (auto* text = only_member(part, "text", "text")) return text->if_string();
  auto* thoughts = only_member(part, "thinking", "thinking");
  auto* list = thoughts == nullptr ? nullptr : thoughts->if_array();
  if (list == nullptr || list->size() != 1) return nullptr;
  auto* text = only_member(list->front(), "text", "text");
  return text == nullptr ? nullptr : text->if_string();
}

}  // namespace

CallText call_text(const Json& call) {
  const bool custom = call.find("custom") != nullptr || text_of(call.find("type"), "") == "custom";
  return custom ? CallText{"custom", "input"} : CallText{"function", "arguments"};
}

const std::string* open_text(const Json& part) { return find_open(part); }
std::string* open_text(Json& part) { return find_open(part); }

bool continues(const Json& before, const Json& part) {
  return open_text(before) != nullptr && open_text(part) != nullptr &&
         text_of(before.find("type"), "") == text_of(part.find("type"), "");
}

std::string_view detail_key(const Json& detail) {
  return text_of(detail.find("type"), "") == "reasoning.summary" ? "summary" : "text";
}

bool same_index(const Json& a, const Json& b) {
  const Json* one = a.find("index");
  const Json* other = b.find("index");
  return one != nullptr && other != nullptr && one->is_number() && other->is_number() &&
         one->if_number()->lexeme == other->if_number()->lexeme &&
         text_of(a.find("type"), "") == text_of(b.find("type"), "");
}

bool details_are_named(const Json& details) {
  const Json::Array* list = details.if_array();
  if (list == nullptr) return false;
  for (std::size_t i = 0; i < list->size(); ++i) {
    const Json& each = (*list)[i];
    if (!same_index(each, each)) return false;
    const auto before = list->begin() + static_cast<std::ptrdiff_t>(i);
    if (std::any_of(list->begin(), before, [&](const Json& a) { return same_index(a, each); })) {
      return false;
    }
  }
  return true;
}

}  // namespace hansard::events::openai
