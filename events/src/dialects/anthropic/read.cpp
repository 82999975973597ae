#include "blocks.h"
#include "events/dialects/anthropic/messages.h"

namespace hansard::events::anthropic {
namespace {

using Steps = std::vector<SessionStep>;

Json extra_with(std::string_view key, Json value) {
  Json extra;
  extra.add("dialect", "anthropic").add(std::string(key), std::move(value));
  return extra;
}

void add_extra(std::optional<Json>& extra, std::string_view key, Json value) {
  if (!extra) {
    extra = extra_with(key, std::move(value));
  } else {
    extra->add(std::string(key), std::move(value));
  }
}

core::Error missing(std::string_view path, std::string_view key) {
  return bad_field(join_path(path, key), "the field is required");
}

/// `content` as blocks: a text is one text block. Errors: neither.
core::Result<Json::Array> blocks_of(const Json& message, std::string_view path) {
  const Json* content = message.find("content");
  if (content == nullptr) return missing(path, "content");
  if (const auto* text = content->if_string()) return Json::Array{Part::make_text(*text).json};
  if (const auto* list = content->if_array()) return *list;
  return bad_field(join_path(path, "content"), "expected a string or an array of blocks, found " +
                                                   std::string(describe(content->kind())));
}

/// What a block calls, or answers, by name.
core::Result<std::string> call_named(const Json& block, std::string_view key,
                                     std::string_view path) {
  const Json* id = block.find(key);
  if (id == nullptr) return missing(path, key);
  const auto* text = id->if_string();
  if (text == nullptr || text->empty()) {
    return bad_field(join_path(path, key), "expected a string that is not empty");
  }
  return *text;
}

template <class Result>
Result result_of(const Json& block, std::string tool_call_id, const MessageIds& ids,
                 Json Result::*output) {
  Result result;
  result.tool_call_id = std::move(tool_call_id);
  result.result_id = ids.message_id;
  const Json* content = block.find("content");
  if (content == nullptr) {
    add_extra(result.extra, "content", "absent");
  } else {
    result.*output = *content;
  }
  Json::Object rest = rest_of(block, {"type", "tool_use_id", "content"});
  const bool failed = std::is_same_v<Result, FailTool>;
  std::erase_if(rest, [&](const Json::Member& each) { return failed && each.key == "is_error"; });
  if (!rest.empty()) add_extra(result.extra, "fields", std::move(rest));
  const bool plain = content == nullptr || content->is_string() || content->is_array();
  // Marks the form as theirs: only then does `content` go out as it is.
  if (!plain && !result.extra) result.extra = Json(Json::Object{{"dialect", "anthropic"}});
  return result;
}

core::Result<SessionStep> read_result(const Json& block, const MessageIds& ids,
                                      std::string_view path) {
  auto id = call_named(block, "tool_use_id", path);
  if (!id) return std::move(id.error());
  const Json* error = block.find("is_error");
  const bool failed = error != nullptr && error->if_boolean() != nullptr && *error->if_boolean();
  if (failed) return SessionStep(result_of<FailTool>(block, *std::move(id), ids, &FailTool::error));
  return SessionStep(result_of<CompleteTool>(block, *std::move(id), ids, &CompleteTool::output));
}

SessionEvent event_of(const SessionStep& result) {
  if (const auto* done = std::get_if<CompleteTool>(&result)) return ToolCompleted(*done);
  return ToolFailed(std::get<FailTool>(result));
}

void keep_raw(SessionStep& first, const Json& message) {
  if (auto* done = std::get_if<CompleteTool>(&first)) done->extra = extra_with("raw", message);
  if (auto* failed = std::get_if<FailTool>(&first)) failed->extra = extra_with("raw", message);
}

core::Result<Steps> read_sent(const Json& message, const MessageIds& ids, Role role,
                              std::string_view path) {
  auto blocks = blocks_of(message, path);
  if (!blocks) return std::move(blocks.error());
  const std::string at = join_path(path, "content");
  SendMessage sent;
  sent.message_id = ids.message_id;
  sent.role = role;
  Steps steps;
  std::vector<SessionEvent> results;
  bool says_more = blocks->empty();
  for (std::size_t i = 0; i < blocks->size(); ++i) {
    const Json& block = (*blocks)[i];
    const auto type = type_of(block, join_path(at, i));
    if (!type) return type.error();
    if (*type == "tool_result") {
      auto result = read_result(block, ids, join_path(at, i));
      if (!result) return std::move(result.error());
      sent.parts.push_back(Part::make_tool_result(*block.find("tool_use_id")->if_string()));
      results.push_back(event_of(*result));
      steps.push_back(*std::move(result));
      continue;
    }
    auto part = read_block(block, join_path(at, i));
    if (!part) return std::move(part.error());
    sent.parts.push_back(*std::move(part));
    says_more = true;
  }
  if (!says_more) {
    if (!same_tree(write_results(results), message)) keep_raw(steps.front(), message);
    return steps;
  }
  const bool one_plain_text = sent.parts.size() == 1 && sent.parts[0].kind() == "text" &&
                              sent.parts[0].json.if_object()->size() == 2;
  if (one_plain_text && message.find("content")->is_array()) {
    add_extra(sent.extra, "content", "blocks");
  }
  Json::Object rest = rest_of(message, {"role", "content"});
  if (!rest.empty()) add_extra(sent.extra, "fields", std::move(rest));
  if (!same_tree(write_message(sent, results), message)) sent.extra = extra_with("raw", message);
  steps.emplace_back(std::move(sent));
  return steps;
}

core::Result<CallTool> read_call(const Json& block, const MessageIds& ids, std::uint32_t index,
                                 std::string_view path, Part& part) {
  auto id = call_named(block, "id", path);
  if (!id) return std::move(id.error());
  auto name = call_named(block, "name", path);
  if (!name) return std::move(name.error());
  CallTool call;
  call.tool_call_id = *std::move(id);
  call.message_id = ids.message_id;
  call.index = index;
  call.tool = *std::move(name);
  part = Part::make_tool_call(call.tool_call_id, index);
  if (const Json* input = block.find("input")) {
    call.arguments = *input;
    if (input->is_string()) part.json.add("as_text", true);
  } else {
    part.json.add("without_input", true);
  }
  Json::Object rest = rest_of(block, {"type", "id", "name", "input"});
  if (!rest.empty()) part.json.add("extra", std::move(rest));
  return call;
}

/// Model, stop reason and usage, where the message has them in their proper form.
void read_outcome(const Json& message, RecordResponse& answer, Json::Object& rest) {
  const auto take = [&](std::string_view key) {
    std::erase_if(rest, [&](const Json::Member& each) { return each.key == key; });
  };
  const Json* model = message.find("model");
  if (model != nullptr && model->is_string() && !model->if_string()->empty()) {
    answer.model = *model->if_string();
    take("model");
  }
  const Json* reason = message.find("stop_reason");
  if (reason != nullptr && reason->is_string() && !reason->if_string()->empty()) {
    answer.finish_reason_raw = *reason->if_string();
    answer.finish_reason = finish_reason_of(*reason->if_string());
    take("stop_reason");
  }
  const Json* usage = message.find("usage");
  if (usage != nullptr && usage->is_object()) {
    answer.raw_usage = *usage;
    answer.usage = usage_of(*usage);
    take("usage");
  }
}

core::Result<Steps> read_answer(const Json& message, const MessageIds& ids, std::string_view path) {
  auto blocks = blocks_of(message, path);
  if (!blocks) return std::move(blocks.error());
  const std::string at = join_path(path, "content");
  RecordResponse answer;
  answer.call_id = ids.call_id;
  answer.message_id = ids.message_id;
  Steps steps;
  std::vector<ToolCalled> called;
  for (std::size_t i = 0; i < blocks->size(); ++i) {
    const Json& block = (*blocks)[i];
    const auto type = type_of(block, join_path(at, i));
    if (!type) return type.error();
    if (*type != "tool_use") {
      auto part = read_block(block, join_path(at, i));
      if (!part) return std::move(part.error());
      answer.parts.push_back(*std::move(part));
      continue;
    }
    Part part;
    auto call =
        read_call(block, ids, static_cast<std::uint32_t>(called.size()), join_path(at, i), part);
    if (!call) return std::move(call.error());
    answer.parts.push_back(std::move(part));
    ToolCalled event;
    event.tool_call_id = call->tool_call_id;
    event.index = *call->index;
    event.tool = call->tool;
    event.arguments = call->arguments;
    called.push_back(std::move(event));
    steps.emplace_back(*std::move(call));
  }
  Json::Object rest = rest_of(message, {"role", "content"});
  const bool bare = rest.empty();
  read_outcome(message, answer, rest);
  const Json* id = message.find("id");
  const Json* type = message.find("type");
  const auto is = [](const Json* value, std::string_view text) {
    return value != nullptr && value->is_string() && *value->if_string() == text;
  };
  if (!bare) answer.extra = Json(Json::Object{{"dialect", "anthropic"}});
  if (is(id, ids.message_id) && is(type, "message")) {
    add_extra(answer.extra, "form", "message");
    std::erase_if(rest,
                  [](const Json::Member& each) { return each.key == "id" || each.key == "type"; });
  }
  if (message.find("content")->is_string()) add_extra(answer.extra, "content", "string");
  if (!rest.empty()) add_extra(answer.extra, "fields", std::move(rest));
  if (!same_tree(write_message(answer, called), message)) answer.extra = extra_with("raw", message);
  steps.insert(steps.begin(), SessionStep(std::move(answer)));
  return steps;
}

}  // namespace

core::Result<Steps> read_message(const Json& message, const MessageIds& ids,
                                 std::string_view path) {
  if (!message.is_object()) {
    return bad_field(path, "expected an object, found " + std::string(describe(message.kind())));
  }
  const Json* role_json = message.find("role");
  if (role_json == nullptr) return missing(path, "role");
  const auto* role = role_json->if_string();
  if (role != nullptr && *role == "user") return read_sent(message, ids, Role::user, path);
  if (role != nullptr && *role == "system") return read_sent(message, ids, Role::system, path);
  if (role != nullptr && *role == "assistant") return read_answer(message, ids, path);
  return bad_field(join_path(path, "role"), "expected one of user, assistant, system");
}

}  // namespace hansard::events::anthropic
