#include "parts.h"

#include <algorithm>
#include <array>

#include "dialects/original.h"

namespace hansard::events::openai {
namespace {

constexpr std::string_view kForeign = "openai.";
/// Our kinds that mean something else, or nothing, in their format.
constexpr std::array<std::string_view, 5> kOurs{"image", "audio", "thinking", "tool_call",
                                                "tool_result"};

/// The text of {type, thinking: [{type: text, text}]}, as Mistral has it; nullptr for another form.
const std::string* thought_of(const Json& part) {
  const Json* list = part.find("thinking");
  const auto* texts = list == nullptr ? nullptr : list->if_array();
  if (texts == nullptr || texts->size() != 1 || part.if_object()->size() != 2) return nullptr;
  const Json& text = texts->front();
  if (text_of(text.find("type"), "") != "text" || text.if_object()->size() != 2) return nullptr;
  const Json* said = text.find("text");
  return said == nullptr ? nullptr : said->if_string();
}

}  // namespace

core::Result<Part> read_part(const Json& part, std::string_view path) {
  if (!part.is_object()) {
    return bad_field(path, "expected an object, found " + std::string(describe(part.kind())));
  }
  const Json* type_json = part.find("type");
  const auto* type = type_json == nullptr ? nullptr : type_json->if_string();
  if (type == nullptr) {
    return bad_field(join_path(path, "type"),
                     type_json == nullptr ? "the field is required" : "expected a string");
  }
  Part made;
  if (*type == "image_url") {
    made.json = retyped(part, "image");
  } else if (*type == "input_audio") {
    made.json = retyped(part, "audio");
  } else if (*type == "refusal") {
    made.json = retyped(part, "refusal", "refusal", "text");
  } else if (const auto* thought = thought_of(part); thought != nullptr && *type == "thinking") {
    made = Part::make_thinking(*thought);
    made.json.add("field", "content");
  } else if (std::find(kOurs.begin(), kOurs.end(), *type) != kOurs.end()) {
    made.json = retyped(part, std::string(kForeign) + *type);
  } else {
    made.json = part;
  }
  if (auto status = check_part(made.json, path); !status) return std::move(status.error());
  return made;
}

Json write_part(const Part& part) {
  const auto kind = part.kind();
  if (kind == "image" && part.json.find("image_url") != nullptr) {
    return retyped(part.json, "image_url");
  }
  if (kind == "audio" && part.json.find("input_audio") != nullptr) {
    return retyped(part.json, "input_audio");
  }
  if (kind == "refusal") return retyped(part.json, "refusal", "text", "refusal");
  if (kind == "thinking") {
    Json text;
    text.add("type", "text").add("text", part.text().value_or(""));
    Json made;
    made.add("type", "thinking").add("thinking", Json::Array{std::move(text)});
    return made;
  }
  if (kind.starts_with(kForeign)) return retyped(part.json, kind.substr(kForeign.size()));
  return part.json;
}

}  // namespace hansard::events::openai
