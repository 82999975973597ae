#include <algorithm>

#include "events/dialects/openai/messages.h"
#include "parts.h"

namespace hansard::events::openai {
namespace {

using Steps = std::vector<SessionStep>;

/// Collects `extra` of one message: what only this dialect needs.
class Extra {
 public:
  void content_form(std::string_view form) { form_ = form; }
  void role(std::string_view role) { role_ = role; }
  void field(const Json::Member& member) { fields_.push_back(member); }
  [[nodiscard]] std::optional<Json> take() && {
    if (form_.empty() && role_.empty() && fields_.empty()) return std::nullopt;
    Json extra;
    extra.add("dialect", "openai");
    if (!role_.empty()) extra.add("role", role_);
    if (!form_.empty()) extra.add("content", form_);
    if (!fields_.empty()) extra.add("fields", std::move(fields_));
    return extra;
  }

 private:
  std::string_view form_;
  std::string_view role_;
  Json::Object fields_;
};

Json raw_extra(const Json& message) {
  Json extra;
  extra.add("dialect", "openai").add("raw", message);
  return extra;
}

core::Error required(std::string_view path, std::string_view key) {
  return bad_field(join_path(path, key), "the field is required");
}

core::Error wrong(std::string_view path, std::string_view key, std::string_view expected,
                  const Json& found) {
  return bad_field(join_path(path, key), "expected " + std::string(expected) + ", found " +
                                             std::string(describe(found.kind())));
}

/// Reads `content` into parts. @return its form: string, parts, null or absent.
core::Result<std::string_view> read_content(const Json& message, std::string_view path,
                                            Parts& parts) {
  const Json* content = message.find("content");
  if (content == nullptr) return std::string_view("absent");
  if (content->is_null()) return std::string_view("null");
  if (const auto* text = content->if_string()) {
    parts.push_back(Part::make_text(*text));
    return std::string_view("string");
  }
  const auto* list = content->if_array();
  if (list == nullptr) {
    return wrong(path, "content", "a string, an array of parts or null", *content);
  }
  const std::string at = join_path(path, "content");
  for (std::size_t i = 0; i < list->size(); ++i) {
    auto part = read_part((*list)[i], join_path(at, i));
    if (!part) return std::move(part.error());
    parts.push_back(*std::move(part));
  }
  return std::string_view("parts");
}

core::Result<Steps> read_sent(const Json& message, const MessageIds& ids, Role role,
                              std::string_view path) {
  SendMessage sent;
  sent.message_id = ids.message_id;
  sent.role = role;
  Extra extra;
  auto form = read_content(message, path, sent.parts);
  if (!form) return std::move(form.error());
  const bool array_of_one_text = *form == "parts" && sent.parts.size() == 1 &&
                                 sent.parts[0].kind() == "text" &&
                                 sent.parts[0].json.if_object()->size() == 2;
  if (array_of_one_text || *form == "null" || *form == "absent") extra.content_form(*form);
  for (const auto& member : *message.if_object()) {
    if (member.key == "role" || member.key == "content") continue;
    if (member.key == "name" && member.value.is_string() && !sent.name) {
      sent.name = *member.value.if_string();
    } else {
      extra.field(member);
    }
  }
  sent.extra = std::move(extra).take();
  if (!same_tree(write_message(sent), message)) sent.extra = raw_extra(message);
  return Steps{std::move(sent)};
}

/// A call as read: its part and its step.
struct ReadCall {
  Part part;
  CallTool step;
};

/// Takes name and arguments out of `function`; what is left goes to the part.
core::Status read_function(const Json& function, std::string_view arguments_key,
                           std::string_view path, ReadCall& call) {
  if (!function.is_object()) {
    return bad_field(path, "expected an object, found " + std::string(describe(function.kind())));
  }
  const Json* name = function.find("name");
  if (name == nullptr) return required(path, "name");
  if (!name->is_string() || name->if_string()->empty()) {
    return bad_field(join_path(path, "name"), "expected a string that is not empty");
  }
  call.step.tool = *name->if_string();
  if (const Json* arguments = function.find(arguments_key)) {
    call.step.arguments = *arguments;
    if (!arguments->is_string()) call.part.json.add("as_json", true);
  }
  Json::Object rest;
  for (const auto& member : *function.if_object()) {
    if (member.key != "name" && member.key != arguments_key) rest.push_back(member);
  }
  if (!rest.empty()) call.part.json.add("function_extra", std::move(rest));
  return core::Ok{};
}

core::Result<ReadCall> read_call(const Json& entry, const MessageIds& ids, std::uint32_t index,
                                 std::string_view path) {
  if (!entry.is_object()) {
    return bad_field(path, "expected an object, found " + std::string(describe(entry.kind())));
  }
  const Json* id = entry.find("id");
  if (id != nullptr && !id->is_null() && !id->is_string())
    return wrong(path, "id", "a string", *id);
  // Some hosts leave the id out; a name of our own keeps call and result together.
  const bool named = id != nullptr && id->is_string() && !id->if_string()->empty();
  ReadCall call;
  call.step.tool_call_id =
      named ? *id->if_string() : ids.message_id + ".call" + std::to_string(index);
  call.step.message_id = ids.message_id;
  call.step.index = index;
  call.part = Part::make_tool_call(call.step.tool_call_id, index);
  const Json* type = entry.find("type");
  const bool custom = type != nullptr && type->is_string() && *type->if_string() == "custom";
  if (custom) call.part.json.add("form", "custom");
  if (type == nullptr) call.part.json.add("form", "untyped");
  const std::string_view body = custom ? "custom" : "function";
  const Json* function = entry.find(body);
  if (function == nullptr) return required(path, body);
  if (auto status =
          read_function(*function, custom ? "input" : "arguments", join_path(path, body), call);
      !status) {
    return std::move(status.error());
  }
  Json::Object rest;
  for (const auto& member : *entry.if_object()) {
    if (member.key != "id" && member.key != "type" && member.key != body) rest.push_back(member);
  }
  if (!rest.empty()) call.part.json.add("extra", std::move(rest));
  return call;
}

core::Status read_calls(const Json& message, const MessageIds& ids, std::string_view path,
                        std::vector<ReadCall>& calls) {
  if (const Json* list = message.find("tool_calls"); list != nullptr && !list->is_null()) {
    if (!list->is_array()) return wrong(path, "tool_calls", "an array or null", *list);
    const std::string at = join_path(path, "tool_calls");
    for (const Json& entry : *list->if_array()) {
      const auto index = static_cast<std::uint32_t>(calls.size());
      auto call = read_call(entry, ids, index, join_path(at, index));
      if (!call) return std::move(call.error());
      calls.push_back(*std::move(call));
    }
  }
  if (const Json* legacy = message.find("function_call"); legacy != nullptr && !legacy->is_null()) {
    ReadCall call;
    const auto index = static_cast<std::uint32_t>(calls.size());
    call.step.tool_call_id = ids.message_id + ".function_call";
    call.step.message_id = ids.message_id;
    call.step.index = index;
    call.part = Part::make_tool_call(call.step.tool_call_id, index);
    call.part.json.add("form", "function_call");
    if (auto status = read_function(*legacy, "arguments", join_path(path, "function_call"), call);
        !status) {
      return status;
    }
    calls.push_back(std::move(call));
  }
  return core::Ok{};
}

/// Members of an answer that become parts of their own. @return false when `member` is none.
bool read_special(const Json::Member& member, Parts& before, Parts& after) {
  const auto* text = member.value.if_string();
  if ((member.key == "reasoning_content" || member.key == "reasoning") && text != nullptr &&
      !text->empty()) {
    before.push_back(Part::make_thinking(*text));
    before.back().json.add("field", member.key);
    return true;
  }
  if (member.key == "refusal" && text != nullptr) {
    after.push_back(Part::make_refusal(*text));
    after.back().json.add("field", member.key);
    return true;
  }
  if (member.key == "audio" && member.value.is_object()) {
    Part audio;
    audio.json.add("type", "audio").add("audio", member.value).add("field", member.key);
    after.push_back(std::move(audio));
    return true;
  }
  return false;
}

core::Result<Steps> read_answer(const Json& message, const MessageIds& ids, std::string_view path) {
  std::vector<ReadCall> calls;
  if (auto status = read_calls(message, ids, path, calls); !status) {
    return std::move(status.error());
  }
  Parts content;
  auto form = read_content(message, path, content);
  if (!form) return std::move(form.error());

  RecordResponse answer;
  answer.call_id = ids.call_id;
  answer.message_id = ids.message_id;
  Extra extra;
  Parts after;
  for (const auto& member : *message.if_object()) {
    if (member.key == "role" || member.key == "content") continue;
    if (read_special(member, answer.parts, after)) continue;
    const bool empty =
        member.value.is_null() || (member.value.is_array() && member.value.if_array()->empty());
    const bool calling = member.key == "tool_calls" || member.key == "function_call";
    if (!calling || empty) extra.field(member);
  }
  const bool array_of_one_text = *form == "parts" && content.size() == 1 &&
                                 content[0].kind() == "text" &&
                                 content[0].json.if_object()->size() == 2;
  const bool empty_array = *form == "parts" && content.empty();
  if (array_of_one_text || empty_array || *form == "absent") extra.content_form(*form);
  std::move(content.begin(), content.end(), std::back_inserter(answer.parts));
  std::move(after.begin(), after.end(), std::back_inserter(answer.parts));
  std::vector<ToolCalled> called;
  for (const ReadCall& call : calls) {
    answer.parts.push_back(call.part);
    ToolCalled event;
    event.tool_call_id = call.step.tool_call_id;
    event.message_id = ids.message_id;
    event.index = *call.step.index;
    event.tool = call.step.tool;
    event.arguments = call.step.arguments;
    called.push_back(std::move(event));
  }
  answer.extra = std::move(extra).take();
  if (!same_tree(write_message(answer, called), message)) answer.extra = raw_extra(message);

  Steps steps;
  steps.reserve(1 + calls.size());
  steps.emplace_back(std::move(answer));
  for (ReadCall& call : calls) steps.emplace_back(std::move(call.step));
  return steps;
}

}  // namespace

core::Result<Steps> MessageReader::read_result(const Json& message, const MessageIds& ids,
                                               std::string_view path) {
  const bool legacy = *message.find("role")->if_string() == "function";
  const std::string_view key = legacy ? "name" : "tool_call_id";
  const Json* named = message.find(key);
  if (named == nullptr) return required(path, key);
  const auto* name = named->if_string();
  if (name == nullptr) return wrong(path, key, "a string", *named);
  if (name->empty()) return bad_field(join_path(path, key), "must not be empty");

  CompleteTool result;
  Extra extra;
  const Json* content = message.find("content");
  if (content != nullptr) result.output = *content;
  if (content == nullptr) extra.content_form("absent");
  if (legacy) extra.role("function");
  for (const auto& member : *message.if_object()) {
    const bool taken = member.key == "role" || member.key == "content" ||
                       (!legacy && member.key == "tool_call_id");
    if (!taken) extra.field(member);
  }

  auto open = legacy ? std::find_if(open_.begin(), open_.end(),
                                    [&](const auto& entry) {
                                      const auto& call = entry.second.back();
                                      return call.function_call && call.tool == *name;
                                    })
                     : open_.find(*name);
  result.tool_call_id =
      legacy ? (open == open_.end() ? "function_call:" + *name : open->first) : *name;
  if (open != open_.end()) {
    const OpenCall& call = open->second.back();
    result.message_id = call.message_id;
    result.index = call.index;
    result.tool = call.tool;
    open->second.pop_back();
    if (open->second.empty()) open_.erase(open);
  } else {
    result.result_id = ids.message_id;
    if (legacy) result.tool = *name;
  }
  result.extra = std::move(extra).take();
  if (!result.extra && !result.output.is_string() && !result.output.is_null()) {
    // Marks the form as theirs: only then does `content` go out as it is.
    result.extra = Json(Json::Object{{"dialect", "openai"}});
  }
  if (!same_tree(write_message(result), message)) result.extra = raw_extra(message);
  return Steps{std::move(result)};
}

core::Result<Steps> MessageReader::read(const Json& message, const MessageIds& ids,
                                        std::string_view path) {
  if (!message.is_object()) {
    return bad_field(path, "expected an object, found " + std::string(describe(message.kind())));
  }
  const Json* role_json = message.find("role");
  if (role_json == nullptr) return required(path, "role");
  const auto* role = role_json->if_string();
  if (role == nullptr) return wrong(path, "role", "a string", *role_json);
  if (*role == "system") return read_sent(message, ids, Role::system, path);
  if (*role == "developer") return read_sent(message, ids, Role::developer, path);
  if (*role == "user") return read_sent(message, ids, Role::user, path);
  if (*role == "tool" || *role == "function") return read_result(message, ids, path);
  if (*role != "assistant") {
    return bad_field(join_path(path, "role"),
                     "expected one of system, developer, user, assistant, tool, function");
  }
  auto steps = read_answer(message, ids, path);
  if (!steps) return steps;
  for (const auto& step : *steps) {
    const auto* call = std::get_if<CallTool>(&step);
    if (call == nullptr) continue;
    const bool legacy = call->tool_call_id == ids.message_id + ".function_call";
    open_[call->tool_call_id].push_back({ids.message_id, *call->index, call->tool, legacy});
  }
  return steps;
}

core::Result<std::vector<Turn>> read_messages(
    const Json& messages, const std::function<MessageIds(std::size_t index)>& ids,
    std::string_view path) {
  const auto* list = messages.if_array();
  if (list == nullptr) {
    return bad_field(path, "expected an array, found " + std::string(describe(messages.kind())));
  }
  std::vector<Turn> turns;
  turns.reserve(list->size());
  MessageReader reader;
  for (std::size_t i = 0; i < list->size(); ++i) {
    auto steps = reader.read((*list)[i], ids(i), join_path(path, i));
    if (!steps) return std::move(steps.error());
    turns.push_back({i, *std::move(steps)});
  }
  return turns;
}

}  // namespace hansard::events::openai
