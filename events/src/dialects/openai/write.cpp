#include <algorithm>
#include <map>
#include <type_traits>

#include "dialects/original.h"
#include "events/dialects/openai/messages.h"
#include "parts.h"

namespace hansard::events::openai {
namespace {

/// `extra`, if it is ours.
const Json* ours(const std::optional<Json>& extra) { return extra_for("openai", extra); }

bool plain_text_part(const Part& part) {
  return part.kind() == "text" && part.json.if_object()->size() == 2;
}

/// Adds `content` in the form that was kept, or the usual one.
void add_content(const std::vector<const Part*>& parts, std::string_view form, Json& message) {
  if (form == "absent") return;
  if (form == "null") {
    message.add("content", nullptr);
  } else if (form == "string") {
    std::string text;
    for (const Part* part : parts) text.append(part->text().value_or(""));
    message.add("content", std::move(text));
  } else {
    Json::Array list;
    for (const Part* part : parts) list.push_back(write_part(*part));
    message.add("content", std::move(list));
  }
}

const ToolCalled* call_of(std::span<const ToolCalled> calls, std::uint32_t index) {
  const auto found = std::find_if(calls.begin(), calls.end(),
                                  [&](const ToolCalled& call) { return call.index == index; });
  return found == calls.end() ? nullptr : &*found;
}

/// `{"name":..,"arguments":..}`, or with `input` for a custom tool.
Json function_of(const Part& part, const ToolCalled* call, std::string_view arguments_key) {
  Json function;
  function.add("name", call == nullptr ? std::string() : call->tool);
  Json arguments = call == nullptr ? Json("") : call->arguments;
  // The format wants text; only what came in otherwise goes out otherwise.
  if (!arguments.is_string() && part.json.find("as_json") == nullptr) arguments = dump(arguments);
  function.add(std::string(arguments_key), std::move(arguments));
  add_members(part.json.find("function_extra"), function);
  return function;
}

void add_call(const Part& part, const ToolCalled* call, Json& message, Json& tool_calls) {
  const auto form = text_of(part.json.find("form"), "function");
  if (form == "function_call") {
    message.add("function_call", function_of(part, call, "arguments"));
    return;
  }
  Json entry;
  entry.add("id", part.tool_call_id().value_or(""));
  if (form != "untyped") entry.add("type", form == "custom" ? "custom" : "function");
  if (form == "custom") {
    entry.add("custom", function_of(part, call, "input"));
  } else {
    entry.add("function", function_of(part, call, "arguments"));
  }
  add_members(part.json.find("extra"), entry);
  tool_calls.push(std::move(entry));
}

template <class T>
Json write_result(const T& event, const Json& output) {
  const Json* extra = ours(event.extra);
  if (const Json* raw = member(extra, "raw")) return *raw;
  Json message;
  const bool legacy = text_of(member(extra, "role"), "tool") == "function";
  message.add("role", legacy ? "function" : "tool");
  if (!legacy) message.add("tool_call_id", event.tool_call_id);
  if (text_of(member(extra, "content"), "") != "absent") {
    const bool fits = extra != nullptr || output.is_string() || output.is_null();
    message.add("content", fits ? output : Json(dump(output)));
  }
  add_fields(extra, message);
  return message;
}

}  // namespace

Json write_message(const MessageSent& event) {
  const Json* extra = ours(event.extra);
  if (const Json* raw = member(extra, "raw")) return *raw;
  Json message;
  const bool agent = event.role == Role::agent || event.role == Role::other;
  message.add("role", agent ? to_word(Role::user) : to_word(event.role));
  std::vector<const Part*> parts;
  for (const Part& part : event.parts) parts.push_back(&part);
  const bool single = parts.size() == 1 && plain_text_part(*parts.front());
  add_content(parts, text_of(member(extra, "content"), single ? "string" : "parts"), message);
  if (event.name) message.add("name", *event.name);
  add_fields(extra, message);
  return message;
}

Json write_message(const ResponseReceived& event, std::span<const ToolCalled> calls) {
  const Json* extra = ours(event.extra);
  if (const Json* raw = member(extra, "raw")) return *raw;
  Json message;
  Json tool_calls;
  std::vector<const Part*> parts;
  message.add("role", "assistant");
  std::vector<std::uint32_t> written;
  for (const Part& part : event.parts) {
    const auto kind = part.kind();
    const auto field = text_of(part.json.find("field"), "");
    if (kind == "tool_call") {
      const auto index = part.call_index().value_or(static_cast<std::uint32_t>(written.size()));
      written.push_back(index);
      add_call(part, call_of(calls, index), message, tool_calls);
    } else if (kind == "thinking" && field != "content") {
      message.add(std::string(field.empty() ? "reasoning_content" : field),
                  part.text().value_or(""));
    } else if (kind == "refusal" && !field.empty()) {
      message.add("refusal", part.text().value_or(""));
    } else if (kind == "audio" && !field.empty()) {
      const Json* audio = part.json.find("audio");
      message.add("audio", audio == nullptr ? Json() : *audio);
    } else {
      parts.push_back(&part);
    }
  }
  for (const ToolCalled& call : calls) {  // asked for without a part
    if (std::find(written.begin(), written.end(), call.index) != written.end()) continue;
    add_call(Part::make_tool_call(call.tool_call_id, call.index), &call, message, tool_calls);
  }
  const bool single = parts.size() == 1 && plain_text_part(*parts.front());
  const std::string_view usual = parts.empty() ? "null" : single ? "string" : "parts";
  add_content(parts, text_of(member(extra, "content"), usual), message);
  if (tool_calls.is_array()) message.add("tool_calls", std::move(tool_calls));
  add_fields(extra, message);
  return message;
}

Json write_message(const ToolCompleted& event) { return write_result(event, event.output); }
Json write_message(const ToolFailed& event) { return write_result(event, event.error); }

Json::Array write_messages(std::span<const SessionEvent> history) {
  std::map<std::string_view, std::vector<ToolCalled>> calls;
  for (const auto& event : history) {
    if (const auto* call = std::get_if<ToolCalled>(&event)) {
      calls[call->message_id].push_back(*call);
    }
  }
  Json::Array messages;
  for (const auto& event : history) {
    if (const auto* sent = std::get_if<MessageSent>(&event)) {
      messages.push_back(write_message(*sent));
    } else if (const auto* answer = std::get_if<ResponseReceived>(&event)) {
      messages.push_back(write_message(*answer, calls[answer->message_id]));
    } else if (const auto* completed = std::get_if<ToolCompleted>(&event)) {
      messages.push_back(write_message(*completed));
    } else if (const auto* failed = std::get_if<ToolFailed>(&event)) {
      messages.push_back(write_message(*failed));
    }
  }
  return messages;
}

}  // namespace hansard::events::openai
