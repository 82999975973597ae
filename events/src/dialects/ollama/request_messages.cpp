#include "request_messages.h"

#include <map>
#include <utility>

#include "answers_message.h"
#include "dialects/original.h"

namespace hansard::events::ollama {
namespace {

using Steps = std::vector<SessionStep>;

core::Error expected(std::string_view path, std::string_view key, std::string_view what) {
  return bad_field(join_path(path, key), "expected " + std::string(what));
}

Json own_extra(Json::Object rest) {
  Json extra(Json::Object{{"dialect", kChatDialect}});
  if (!rest.empty()) extra.add("message", std::move(rest));
  return extra;
}

/// The texts of a message, joined: the API has one.
std::string text_in(const Parts& parts, std::string_view between) {
  std::string text;
  for (const Part& part : parts) {
    if (part.kind() != "text" && part.kind() != "refusal") continue;
    if (!text.empty()) text += between;
    text += part.text().value_or("");
  }
  return text;
}

/// A text that is there; nothing where it is absent. Errors: something else.
core::Result<std::optional<std::string>> text_at(const Json& message, std::string_view key,
                                                 std::string_view path) {
  const Json* value = message.find(key);
  if (value == nullptr || value->is_null()) return std::optional<std::string>();
  const auto* text = value->if_string();
  if (text == nullptr) return expected(path, key, "a text");
  return std::optional(*text);
}

bool adds_parts(const Json::Member& each) {
  if (each.key == "images") return each.value.is_array() && !each.value.if_array()->empty();
  return false;
}

Json write_sent(const MessageSent& sent) {
  const Json* extra = extra_for(kChatDialect, sent.extra);
  if (const Json* raw = member(extra, "raw_message")) return *raw;
  Json message;
  const bool agent = sent.role == Role::agent || sent.role == Role::other;
  message.add("role", agent ? to_word(Role::user) : to_word(sent.role));
  message.add("content", text_in(sent.parts, "\n"));
  Json::Array images;
  for (const Part& part : sent.parts) {
    const Json* data = part.json.find("data");
    if (part.kind() == "image" && data != nullptr) images.push_back(*data);
  }
  if (!images.empty()) message.add("images", std::move(images));
  add_members(member(extra, "message"), message);
  return message;
}

Json write_answer(const ResponseReceived& answer, const std::vector<ToolCalled>& calls) {
  const Json* extra = extra_for(kChatDialect, answer.extra);
  if (const Json* raw = member(extra, "raw_message")) return *raw;
  const Json* body = member(extra, "raw");  // of an answer that was kept whole
  if (const Json* said = member(body, "message")) return *said;
  Json message;
  message.add("role", "assistant").add("content", text_in(answer.parts, ""));
  std::string thinking;
  for (const Part& part : answer.parts) {
    if (part.kind() == "thinking") thinking += part.text().value_or("");
  }
  if (!thinking.empty()) message.add("thinking", std::move(thinking));
  Json::Array entries = write_calls(answer, calls);
  if (!entries.empty()) message.add("tool_calls", std::move(entries));
  add_members(member(extra, "message"), message);
  return message;
}

template <class R>
Json write_result(const R& result, const Json& output) {
  const Json* extra = extra_for(kChatDialect, result.extra);
  if (const Json* raw = member(extra, "raw_message")) return *raw;
  Json message;
  message.add("role", "tool");
  message.add("content", output.is_string() ? output : Json(dump(output)));
  if (extra == nullptr) {
    if (result.tool) message.add("tool_name", *result.tool);
    message.add("tool_call_id", result.tool_call_id);
  }
  add_members(member(extra, "message"), message);
  return message;
}

core::Result<Steps> read_sent(const Json& message, Role role, std::string message_id,
                              std::string_view path) {
  SendMessage sent;
  sent.message_id = std::move(message_id);
  sent.role = role;
  auto text = text_at(message, "content", path);
  if (!text) return std::move(text.error());
  if (*text) sent.parts.push_back(Part::make_text(**text));
  Json::Object rest;
  bool images = false;
  for (const auto& each : *message.if_object()) {
    if (each.key == "role" || each.key == "content") continue;
    if (!adds_parts(each) || images) {
      rest.push_back(each);
      continue;
    }
    images = true;
    for (const Json& image : *each.value.if_array()) {
      if (!image.is_string()) return expected(path, "images", "a list of texts in base64");
      sent.parts.push_back(Part{Json(Json::Object{{"type", "image"}, {"data", image}})});
    }
  }
  if (images || !rest.empty()) sent.extra = own_extra(std::move(rest));
  if (!same_tree(write_sent(sent), message)) {
    sent.extra = own_extra({});
    sent.extra->add("raw_message", message);
  }
  Steps steps;
  steps.emplace_back(std::move(sent));
  return steps;
}

core::Result<Steps> read_answer(const Json& message, const RequestIds& ids, std::size_t place,
                                std::string_view path) {
  RecordResponse answer;
  answer.message_id = ids.message_id(place);
  answer.call_id = ids.call_id(place);
  auto thinking = text_at(message, "thinking", path);
  if (!thinking) return std::move(thinking.error());
  if (*thinking && !(*thinking)->empty()) {
    answer.parts.push_back(Part::make_thinking(**thinking));
  }
  auto text = text_at(message, "content", path);
  if (!text) return std::move(text.error());
  if (*text && !(*text)->empty()) answer.parts.push_back(Part::make_text(**text));
  std::vector<ReadCall> calls;
  const Json* list = message.find("tool_calls");
  if (list != nullptr && !list->is_null()) {
    if (!list->is_array()) return expected(path, "tool_calls", "a list");
    auto read = read_calls(*list->if_array(), answer.message_id, join_path(path, "tool_calls"));
    if (!read) return std::move(read.error());
    calls = *std::move(read);
  }
  std::vector<ToolCalled> called;
  for (const ReadCall& call : calls) {
    answer.parts.push_back(call.part);
    ToolCalled event;
    event.tool_call_id = call.step.tool_call_id;
    event.message_id = answer.message_id;
    event.index = call.step.index.value_or(0);
    event.tool = call.step.tool;
    event.arguments = call.step.arguments;
    called.push_back(std::move(event));
  }
  Json::Object rest;
  for (const auto& each : *message.if_object()) {
    const bool thought = each.key == "thinking" && *thinking && !(*thinking)->empty();
    const bool calling = each.key == "tool_calls" && !calls.empty();
    if (each.key != "role" && each.key != "content" && !thought && !calling) rest.push_back(each);
  }
  if (!rest.empty()) answer.extra = own_extra(std::move(rest));
  if (!same_tree(write_answer(answer, called), message)) {
    answer.extra = own_extra({});
    answer.extra->add("raw_message", message);
  }
  Steps steps;
  steps.emplace_back(std::move(answer));
  for (ReadCall& call : calls) steps.emplace_back(std::move(call.step));
  return steps;
}

core::Result<Steps> read_result(const Json& message, std::string message_id, OpenCalls& open,
                                std::string_view path) {
  CompleteTool result;
  auto text = text_at(message, "content", path);
  if (!text) return std::move(text.error());
  if (*text) result.output = **text;
  const auto id = text_member(message, "tool_call_id");
  const std::string tool(text_of(message.find("tool_name"), text_of(message.find("name"), "")));
  if (id) result.tool_call_id = *id;
  result.result_id = message_id;
  Steps steps;
  if (!id) {
    if (const auto call = open.take_next(tool)) {
      result.tool_call_id = call->tool_call_id;
      result.message_id = call->message_id;
      result.index = call->index;
      result.tool = call->tool;
      result.result_id.reset();
    } else {
      result.tool_call_id = message_id + ".result";
    }
  }
  if (!result.tool && !tool.empty()) result.tool = tool;
  Json::Object rest;
  for (const auto& each : *message.if_object()) {
    if (each.key != "role" && each.key != "content") rest.push_back(each);
  }
  result.extra = own_extra(std::move(rest));
  if (!same_tree(write_result(result, result.output), message)) {
    result.extra = own_extra({});
    result.extra->add("raw_message", message);
  }
  steps.emplace_back(std::move(result));
  open.bind(steps.front());
  return steps;
}

}  // namespace

core::Result<Steps> MessageReader::read(const Json& message, std::size_t place,
                                        const RequestIds& ids) {
  const std::string path = join_path("messages", place);
  if (!message.is_object()) {
    return bad_field(path, "expected an object, found " + std::string(describe(message.kind())));
  }
  const auto role = text_of(message.find("role"), "");
  if (role == "assistant") {
    auto steps = read_answer(message, ids, place, path);
    if (steps) open_.note(*steps);
    return steps;
  }
  if (role == "tool") return read_result(message, ids.message_id(place), open_, path);
  const auto known = from_word<Role>(role);
  if (!known || *known == Role::agent) {
    return expected(path, "role", "one of system, user, assistant, tool");
  }
  return read_sent(message, *known, ids.message_id(place), path);
}

Json::Array write_messages(std::span<const SessionEvent> window) {
  std::map<std::string_view, std::vector<ToolCalled>> calls;
  for (const SessionEvent& event : window) {
    if (const auto* call = std::get_if<ToolCalled>(&event)) {
      calls[call->message_id].push_back(*call);
    }
  }
  Json::Array messages;
  for (const SessionEvent& event : window) {
    if (const auto* sent = std::get_if<MessageSent>(&event)) {
      messages.push_back(write_sent(*sent));
    } else if (const auto* answer = std::get_if<ResponseReceived>(&event)) {
      messages.push_back(write_answer(*answer, calls[answer->message_id]));
    } else if (const auto* done = std::get_if<ToolCompleted>(&event)) {
      messages.push_back(write_result(*done, done->output));
    } else if (const auto* failed = std::get_if<ToolFailed>(&event)) {
      messages.push_back(write_result(*failed, failed->error));
    }
  }
  return messages;
}

}  // namespace hansard::events::ollama
