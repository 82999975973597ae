#include "events/session/parts.h"

#include <limits>

namespace hansard::events {
namespace {

std::optional<std::string_view> text_member(const Json& json, std::string_view key) {
  const Json* found = json.find(key);
  const auto* text = found == nullptr ? nullptr : found->if_string();
  if (text == nullptr) return std::nullopt;
  return *text;
}

std::optional<std::uint32_t> index_member(const Json& json) {
  const Json* found = json.find("index");
  if (found == nullptr) return std::nullopt;
  const auto value = found->as_uint("index");
  // The highest index is refused, so that "one past it" can be counted.
  if (!value || *value >= std::numeric_limits<std::uint32_t>::max()) return std::nullopt;
  return static_cast<std::uint32_t>(*value);
}

Part made(std::string_view type, std::string key, std::string value) {
  Part part;
  part.json.add("type", type).add(std::move(key), std::move(value));
  return part;
}

core::Status need_text(const Json& part, std::string_view key, std::string_view path) {
  const Json* found = part.find(key);
  if (found == nullptr) return bad_field(join_path(path, key), "the field is required");
  if (!found->is_string()) {
    return bad_field(join_path(path, key),
                     "expected a string, found " + std::string(describe(found->kind())));
  }
  return core::Ok{};
}

}  // namespace

std::string_view Part::kind() const { return text_member(json, "type").value_or(""); }

std::optional<std::string_view> Part::text() const {
  const auto type = kind();
  if (type != "text" && type != "thinking" && type != "refusal") return std::nullopt;
  return text_member(json, "text");
}

std::optional<std::string_view> Part::tool_call_id() const {
  return text_member(json, "tool_call_id");
}

std::optional<std::uint32_t> Part::call_index() const { return index_member(json); }

Part Part::make_text(std::string text) { return made("text", "text", std::move(text)); }
Part Part::make_thinking(std::string text) { return made("thinking", "text", std::move(text)); }
Part Part::make_refusal(std::string text) { return made("refusal", "text", std::move(text)); }

Part Part::make_tool_call(std::string tool_call_id, std::uint32_t index) {
  Part part = made("tool_call", "tool_call_id", std::move(tool_call_id));
  part.json.add("index", index);
  return part;
}

Part Part::make_tool_result(std::string tool_call_id) {
  return made("tool_result", "tool_call_id", std::move(tool_call_id));
}

core::Status check_part(const Json& part, std::string_view path) {
  if (!part.is_object()) {
    return bad_field(path, "expected an object, found " + std::string(describe(part.kind())));
  }
  if (auto status = need_text(part, "type", path); !status) return status;
  const std::string_view kind = *text_member(part, "type");
  if (kind.empty()) return bad_field(join_path(path, "type"), "must not be empty");
  if (kind == "text" || kind == "thinking" || kind == "refusal") {
    return need_text(part, "text", path);
  }
  if (kind != "tool_call" && kind != "tool_result") return core::Ok{};
  if (auto status = need_text(part, "tool_call_id", path); !status) return status;
  if (kind == "tool_call" && part.find("index") != nullptr && !index_member(part)) {
    return bad_field(join_path(path, "index"), "expected a whole number from 0 to 4294967294");
  }
  // One place for one thing: these are facts of their own events.
  for (const std::string_view own : {"arguments", "output"}) {
    if (part.find(own) != nullptr) {
      return bad_field(join_path(path, own), own == "arguments"
                                                 ? "arguments are recorded with the tool call"
                                                 : "outputs are recorded with the tool result");
    }
  }
  return core::Ok{};
}

std::uint64_t text_bytes(const Parts& parts) {
  std::uint64_t bytes = 0;
  for (const Part& part : parts) {
    if (part.kind() == "text") bytes += part.text().value_or("").size();
  }
  return bytes;
}

std::string plain_text(const Parts& parts) {
  std::string text;
  bool first = true;
  for (const Part& part : parts) {
    if (part.kind() != "text") continue;
    if (!first) text.push_back('\n');
    first = false;
    text.append(part.text().value_or(""));
  }
  return text;
}

}  // namespace hansard::events
