#include <algorithm>
#include <utility>

#include "dialects/original.h"
#include "events/dialects/openai/responses.h"
#include "item_form.h"

namespace hansard::events::openai {
namespace {

/// `extra`, if it is ours.
const Json* ours(const std::optional<Json>& extra) { return extra_for(kResponsesDialect, extra); }

Json content_of(std::span<const Part> parts, bool as_text, std::string_view usual_text) {
  if (as_text) {
    std::string text;
    for (const Part& part : parts) text.append(part.text().value_or(""));
    return text;
  }
  Json::Array list;
  for (const Part& part : parts) list.push_back(write_item_part(part, usual_text));
  return list;
}

/// An item of the format's own `message` type, by what is known of it.
Json write_said(std::string_view role, std::span<const Part> parts, const Json* form) {
  Json item;
  if (member(form, "untyped") == nullptr) item.add("type", "message");
  item.add("role", role);
  const bool as_text = text_of(member(form, "content"), "") == "string";
  const std::string_view usual = role == "assistant" ? "output_text" : "input_text";
  item.add("content", content_of(parts, as_text, usual));
  add_fields(form, item);
  return item;
}

Json write_reasoning(std::span<const Part> parts, const Json* form) {
  Json summary(Json::Array{});
  Json content(Json::Array{});
  for (const Part& part : parts) {
    const std::string_view field = text_of(part.json.find("field"), "summary");
    if (field == "none") continue;
    const bool whole = field == "content";
    Json text;
    text.add("type", whole ? "reasoning_text" : "summary_text");
    text.add("text", part.text().value_or(""));
    (whole ? content : summary).push(std::move(text));
  }
  Json item;
  item.add("type", "reasoning");
  const bool known = form != nullptr;
  if (!summary.if_array()->empty() || !known) item.add("summary", std::move(summary));
  if (!content.if_array()->empty()) item.add("content", std::move(content));
  add_fields(form, item);
  return item;
}

Json write_call(const Part& part, const ToolCalled* call, const Json* form) {
  const std::string_view type = text_of(member(form, "type"), "function_call");
  Json item;
  item.add("type", type).add("call_id", part.tool_call_id().value_or(""));
  if (type == "function_call" || type == "custom_tool_call") {
    item.add("name", call == nullptr ? std::string() : call->tool);
  }
  const std::string_view key = form == nullptr ? "arguments" : text_of(form->find("arguments"), "");
  if (!key.empty()) {
    Json arguments = call == nullptr ? Json("") : call->arguments;
    // The format wants text; only what came in otherwise goes out otherwise.
    if (form == nullptr && !arguments.is_string()) arguments = dump(arguments);
    item.add(std::string(key), std::move(arguments));
  }
  add_fields(form, item);
  return item;
}

const ToolCalled* call_of(std::span<const ToolCalled> calls, const Part& part) {
  const auto index = part.call_index();
  const auto found = std::find_if(calls.begin(), calls.end(),
                                  [&](const ToolCalled& call) { return call.index == index; });
  return found == calls.end() ? nullptr : &*found;
}

Json write_entry(const Json& entry, std::span<const Part> parts,
                 std::span<const ToolCalled> calls) {
  const std::string_view type = text_of(entry.find("type"), "");
  if (entry.find("verbatim") != nullptr && parts.size() == 1) return write_verbatim(parts.front());
  if (type == "message") return write_said("assistant", parts, &entry);
  if (type == "reasoning") return write_reasoning(parts, &entry);
  return parts.empty() ? Json() : write_call(parts.front(), call_of(calls, parts.front()), &entry);
}

/// An answer of other origin: thinking, then what was said, then each call.
Json::Array write_foreign(const Parts& parts, std::span<const ToolCalled> calls) {
  Json::Array items;
  Parts said;
  Parts thought;
  for (const Part& part : parts) {
    if (part.kind() == "thinking") {
      thought.push_back(part);
    } else if (part.kind() != "tool_call") {
      said.push_back(part);
    }
  }
  if (!thought.empty()) items.push_back(write_reasoning(thought, nullptr));
  if (!said.empty()) items.push_back(write_said("assistant", said, nullptr));
  for (const Part& part : parts) {
    if (part.kind() == "tool_call")
      items.push_back(write_call(part, call_of(calls, part), nullptr));
  }
  return items;
}

}  // namespace

Json write_item(const MessageSent& event) {
  const Json* extra = ours(event.extra);
  if (const Json* raw = member(extra, "raw")) return *raw;
  const bool agent = event.role == Role::agent || event.role == Role::other;
  return write_said(to_word(agent ? Role::user : event.role), event.parts, extra);
}

Json::Array write_items(const ResponseReceived& event, std::span<const ToolCalled> calls) {
  const Json* extra = ours(event.extra);
  if (const Json* raw = member(extra, "raw"); raw != nullptr && raw->is_array()) {
    return *raw->if_array();
  }
  const Json* entries = member(extra, "items");
  if (entries == nullptr || !entries->is_array()) return write_foreign(event.parts, calls);
  Json::Array items;
  std::span<const Part> left(event.parts);
  for (const Json& entry : *entries->if_array()) {
    std::size_t count = 0;
    if (const Json* parts = entry.find("parts")) {
      const auto number = parts->as_uint("parts");
      count = number ? static_cast<std::size_t>(std::min<std::uint64_t>(*number, left.size())) : 0;
    }
    items.push_back(write_entry(entry, left.first(count), calls));
    left = left.subspan(count);
  }
  return items;
}

Json write_item(const ToolCompleted& event) {
  const Json* extra = ours(event.extra);
  if (const Json* raw = member(extra, "raw")) return *raw;
  Json item;
  item.add("type", text_of(member(extra, "type"), "function_call_output"));
  item.add("call_id", event.tool_call_id);
  if (text_of(member(extra, "output"), "") != "absent") {
    const bool fits = extra != nullptr || event.output.is_string();
    item.add("output", fits ? event.output : Json(dump(event.output)));
  }
  add_fields(extra, item);
  return item;
}

}  // namespace hansard::events::openai
