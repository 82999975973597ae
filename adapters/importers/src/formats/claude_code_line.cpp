#include "formats/claude_code_line.h"

#include <algorithm>
#include <array>
#include <utility>

#include "formats/steps.h"

namespace hansard::importers::claude_code {

using events::Json;

namespace {

constexpr std::array<std::string_view, 8> kSettings{
    "sessionId", "agentId", "isSidechain", "userType", "cwd", "version", "gitBranch", "entrypoint"};

bool is_setting(std::string_view key) {
  return std::find(kSettings.begin(), kSettings.end(), key) != kSettings.end();
}

}  // namespace

Line Line::from(std::uint64_t number, Json json) {
  Line line;
  line.number = number;
  line.type = text_at(json, "type").value_or("");
  line.uuid = text_at(json, "uuid").value_or("");
  line.parent = text_at(json, "parentUuid");
  if (!line.parent) line.parent = text_at(json, "logicalParentUuid");
  line.session = text_at(json, "sessionId").value_or("");
  line.agent = text_at(json, "agentId").value_or("");
  line.time = time_of(json.find("timestamp"));
  line.json = std::move(json);
  line.sidechain = line.flag("isSidechain");
  return line;
}

Json Line::message() const {
  const Json* message = json.find("message");
  if (message == nullptr || !message->is_object()) return {};
  if (message->find("role") != nullptr) return *message;
  Json with_role;
  with_role.add("role", type);
  for (const Json::Member& member : *message->if_object()) with_role.add(member.key, member.value);
  return with_role;
}

std::string Line::id() const { return uuid.empty() ? "line-" + std::to_string(number) : uuid; }

bool Line::flag(std::string_view key) const {
  const Json* value = json.find(key);
  const bool* flag = value == nullptr ? nullptr : value->if_boolean();
  return flag != nullptr && *flag;
}

Json Line::setting() const {
  Json setting = Json::Object{};
  for (const Json::Member& member : *json.if_object()) {
    if (is_setting(member.key)) setting.add(member.key, member.value);
  }
  return setting;
}

Json Line::rest(const Json& session_setting) const {
  Json rest = Json::Object{};
  for (const Json::Member& member : *json.if_object()) {
    const Json* known = is_setting(member.key) ? session_setting.find(member.key) : nullptr;
    const bool said = known != nullptr && same_tree(*known, member.value);
    if (!said && member.key != "message" && member.key != "type") {
      rest.add(member.key, member.value);
    }
  }
  const Json* message = json.find("message");
  if (message != nullptr && message->find("role") == nullptr) rest.add("without_role", true);
  return rest;
}

}  // namespace hansard::importers::claude_code
