#include "call_names.h"

#include <array>
#include <string_view>
#include <utility>

namespace hansard::gateway {

namespace {

using core::Errc;
using core::Error;
using core::Ok;
using core::Result;
using core::Status;
using events::Json;

Error bad(std::string_view field, std::string_view what) {
  return {Errc::invalid_argument, std::string(field) + ": " + std::string(what),
          std::string(field)};
}

/// `name`, `name@3`, `name@staging`.
Status name_prompt(CallNames& names, std::string_view text, std::string_view field) {
  const std::size_t at = text.find('@');
  const std::string_view name = text.substr(0, at);
  if (name.empty()) return bad(field, "names no prompt; expected name, name@version or name@label");
  names.prompt = std::string(name);
  names.selector.clear();
  if (at == std::string_view::npos) return Ok{};
  names.selector = std::string(text.substr(at + 1));
  if (names.selector.empty()) return bad(field, "expected a version or a label after '@'");
  return Ok{};
}

Status name_experiment(CallNames& names, std::string_view text, std::string_view field) {
  if (text.empty()) return bad(field, "names no experiment");
  names.experiment = std::string(text);
  return Ok{};
}

Status give_variables(CallNames& names, Json variables, std::string_view field) {
  if (!variables.is_object()) {
    return bad(field,
               "expected a JSON object, found " + std::string(events::describe(variables.kind())));
  }
  names.variables = std::move(variables);
  return Ok{};
}

Result<std::string> text_of(const Json& value, const std::string& field) {
  const std::string* text = value.if_string();
  if (text == nullptr) {
    return bad(field, "expected a text, found " + std::string(events::describe(value.kind())));
  }
  return *text;
}

/// One member of `hansard`.
Status take(Json::Member& member, CallNames& names, Fields& fields) {
  const std::string field = std::string(kBodyMember) + "." + member.key;
  if (member.key == "variables") return give_variables(names, std::move(member.value), field);
  struct Named {
    std::string_view member;
    const char* header;
  };
  constexpr std::array<Named, 3> kIdentity{
      {{"user", "Hansard-User"}, {"session", "Hansard-Session"}, {"agent", "Hansard-Agent"}}};
  const bool prompt = member.key == "prompt";
  const Named* identity = nullptr;
  for (const Named& each : kIdentity) {
    if (member.key == each.member) identity = &each;
  }
  if (!prompt && member.key != "experiment" && identity == nullptr) {
    return bad(field,
               "is not known; known are prompt, variables, experiment, user, session, agent");
  }
  auto text = text_of(member.value, field);
  if (!text) return text.error();
  if (prompt) return name_prompt(names, *text, field);
  if (identity == nullptr) return name_experiment(names, *text, field);
  if (!find_field(fields, identity->header)) fields.push_back({identity->header, *text});
  return Ok{};
}

Status take_from_body(CallNames& names, Fields& fields, std::string& body) {
  if (body.find("\"hansard\"") == std::string::npos) return Ok{};
  auto document = events::parse_json(body);
  if (!document || !document->is_object()) return Ok{};  // the provider's to refuse
  Json::Object& members = *document->if_object();
  std::optional<Json> ours;
  for (Json::Member& member : members) {
    if (member.key != kBodyMember) continue;
    if (ours) return bad(kBodyMember, "is there twice");
    ours = std::move(member.value);
  }
  if (!ours) return Ok{};  // the word stands elsewhere
  std::erase_if(members, [](const Json::Member& member) { return member.key == kBodyMember; });
  if (!ours->is_object()) {
    return bad(kBodyMember,
               "expected an object, found " + std::string(events::describe(ours->kind())));
  }
  body = dump(*document);
  for (Json::Member& member : *ours->if_object()) {
    if (auto status = take(member, names, fields); !status) return status;
  }
  return Ok{};
}

}  // namespace

Result<CallNames> take_names(Fields& fields, std::string& body) {
  CallNames names;
  if (auto status = take_from_body(names, fields, body); !status) return status.error();
  if (const auto text = find_field(fields, "Hansard-Prompt")) {
    if (auto status = name_prompt(names, *text, "Hansard-Prompt"); !status) return status.error();
  }
  if (const auto text = find_field(fields, "Hansard-Experiment")) {
    auto status = name_experiment(names, *text, "Hansard-Experiment");
    if (!status) return status.error();
  }
  if (const auto text = find_field(fields, "Hansard-Variables")) {
    auto variables = events::parse_json(*text);
    if (!variables) return bad("Hansard-Variables", "is no JSON: " + variables.error().message);
    auto status = give_variables(names, *std::move(variables), "Hansard-Variables");
    if (!status) return status.error();
  }
  if (names.variables && !names.any()) {
    return bad("variables", "are given, but neither a prompt nor an experiment is named");
  }
  return names;
}

}  // namespace hansard::gateway
