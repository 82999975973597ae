#include "item_form.h"

#include <algorithm>
#include <array>

#include "dialects/original.h"

namespace hansard::events::openai {
namespace {

constexpr std::string_view kForeign = "openai.";
/// Our kinds that mean something else, or nothing, in their format.
constexpr std::array<std::string_view, 7> kOurs{"image",     "audio",       "file", "thinking",
                                                "tool_call", "tool_result", "text"};

struct Pair {
  std::string_view theirs;
  std::string_view ours;
};
constexpr std::array<Pair, 3> kMedia{
    {{"input_image", "image"}, {"input_audio", "audio"}, {"input_file", "file"}}};

bool is_text_form(std::string_view type) {
  return type == "input_text" || type == "output_text" || type == "text";
}

}  // namespace

core::Result<Part> read_item_part(const Json& part, std::string_view usual_text,
                                  std::string_view path) {
  if (!part.is_object()) {
    return bad_field(path, "expected an object, found " + std::string(describe(part.kind())));
  }
  const Json* type_json = part.find("type");
  const auto* type = type_json == nullptr ? nullptr : type_json->if_string();
  if (type == nullptr) {
    return bad_field(join_path(path, "type"),
                     type_json == nullptr ? "the field is required" : "expected a string");
  }
  const auto* media = std::find_if(kMedia.begin(), kMedia.end(),
                                   [&](const Pair& pair) { return pair.theirs == *type; });
  Part made;
  if (is_text_form(*type)) {
    made.json = retyped(part, "text");
    if (*type != usual_text) made.json.add("form", *type);
  } else if (media != kMedia.end()) {
    made.json = retyped(part, media->ours);
  } else if (*type == "refusal") {
    made.json = retyped(part, "refusal", "refusal", "text");
  } else {
    made = verbatim_part(part);
  }
  if (auto status = check_part(made.json, path); !status) return std::move(status.error());
  return made;
}

Json write_item_part(const Part& part, std::string_view usual_text) {
  const auto kind = part.kind();
  if (kind == "text") {
    Json made = retyped(part.json, usual_text);
    const Json* form = part.json.find("form");
    const auto* type = form == nullptr ? nullptr : form->if_string();
    if (type == nullptr || !is_text_form(*type)) return made;
    Json::Object theirs;
    for (const auto& member : *part.json.if_object()) {
      if (member.key == "type") {
        theirs.push_back({"type", *type});
      } else if (member.key != "form") {
        theirs.push_back(member);
      }
    }
    return theirs;
  }
  if (kind == "refusal") return retyped(part.json, "refusal", "text", "refusal");
  const auto* media = std::find_if(kMedia.begin(), kMedia.end(),
                                   [&](const Pair& pair) { return pair.ours == kind; });
  if (media != kMedia.end()) return retyped(part.json, media->theirs);
  return write_verbatim(part);
}

Part verbatim_part(const Json& item) {
  const auto type = item_type(item);
  const bool ours = type == "refusal" || std::find(kOurs.begin(), kOurs.end(), type) != kOurs.end();
  return Part{ours ? retyped(item, std::string(kForeign) + std::string(type)) : item};
}

Json write_verbatim(const Part& part) {
  const auto kind = part.kind();
  return kind.starts_with(kForeign) ? retyped(part.json, kind.substr(kForeign.size())) : part.json;
}

std::string_view tool_of_type(std::string_view type) {
  constexpr std::string_view kCall = "_call";
  if (!type.ends_with(kCall) || type.size() == kCall.size()) return {};
  return type.substr(0, type.size() - kCall.size());
}

std::string_view item_type(const Json& item) {
  const Json* type = item.find("type");
  if (type == nullptr) return item.find("role") == nullptr ? "" : "message";
  const auto* text = type->if_string();
  return text == nullptr ? std::string_view() : std::string_view(*text);
}

}  // namespace hansard::events::openai
