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
  if (kind.starts_with(kForeign)) return retyped(part.json, kind.substr(kForeign.size()));
  return part.json;
}

}  // namespace hansard::events::openai
