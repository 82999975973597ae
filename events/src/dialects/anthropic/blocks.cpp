#include "blocks.h"

#include <algorithm>
#include <array>

#include "dialects/original.h"

namespace hansard::events::anthropic {
namespace {

constexpr std::string_view kForeign = "anthropic.";
/// Our kinds that mean something else, or nothing, in their format.
constexpr std::array<std::string_view, 4> kOurs{"audio", "refusal", "tool_call", "tool_result"};

bool is_text(const Json* value) { return value != nullptr && value->is_string(); }

}  // namespace

core::Result<std::string_view> type_of(const Json& block, std::string_view path) {
  if (!block.is_object()) {
    return bad_field(path, "expected an object, found " + std::string(describe(block.kind())));
  }
  const Json* type = block.find("type");
  if (type == nullptr) return bad_field(join_path(path, "type"), "the field is required");
  if (!type->is_string() || type->if_string()->empty()) {
    return bad_field(join_path(path, "type"), "expected a string that is not empty");
  }
  return std::string_view(*type->if_string());
}

core::Result<Part> read_block(const Json& block, std::string_view path) {
  const auto type = type_of(block, path);
  if (!type) return type.error();
  Part part;
  if (*type == "thinking" && is_text(block.find("thinking")) && block.find("text") == nullptr) {
    part.json = retyped(block, "thinking", "thinking", "text");
  } else if (*type == "thinking" || std::find(kOurs.begin(), kOurs.end(), *type) != kOurs.end()) {
    part.json = retyped(block, std::string(kForeign) + std::string(*type));
  } else {
    part.json = block;
  }
  if (auto status = check_part(part.json, path); !status) return std::move(status.error());
  return part;
}

Json write_block(const Part& part) {
  const auto kind = part.kind();
  if (kind == "thinking") return retyped(part.json, "thinking", "text", "thinking");
  if (kind.starts_with(kForeign)) return retyped(part.json, kind.substr(kForeign.size()));
  return part.json;
}

Json::Object rest_of(const Json& object, std::initializer_list<std::string_view> names) {
  Json::Object rest;
  for (const auto& member : *object.if_object()) {
    if (std::find(names.begin(), names.end(), member.key) == names.end()) rest.push_back(member);
  }
  return rest;
}

}  // namespace hansard::events::anthropic
