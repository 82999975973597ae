#include <algorithm>

#include "blocks.h"
#include "dialects/original.h"
#include "events/dialects/anthropic/messages.h"

namespace hansard::events::anthropic {
namespace {

/// `extra`, if it is ours.
const Json* ours(const std::optional<Json>& extra) { return extra_for("anthropic", extra); }

bool says(const Json* extra, std::string_view key, std::string_view word) {
  const Json* value = member(extra, key);
  return value != nullptr && value->is_string() && *value->if_string() == word;
}

bool plain_text_part(const Part& part) {
  return part.kind() == "text" && part.json.if_object()->size() == 2;
}

template <class T>
Json result_block(const T& event, const Json& output, bool failed) {
  const Json* extra = ours(event.extra);
  Json block;
  block.add("type", "tool_result").add("tool_use_id", event.tool_call_id);
  if (!says(extra, "content", "absent")) {
    const bool fits = extra != nullptr || output.is_string() || output.is_array();
    block.add("content", fits ? output : Json(dump(output)));
  }
  if (failed) block.add("is_error", true);
  add_fields(extra, block);
  return block;
}

Json result_block(const SessionEvent& event) {
  if (const auto* done = std::get_if<ToolCompleted>(&event)) {
    return result_block(*done, done->output, false);
  }
  if (const auto* failed = std::get_if<ToolFailed>(&event)) {
    return result_block(*failed, failed->error, true);
  }
  return {};
}

std::string_view call_of(const SessionEvent& event) {
  if (const auto* done = std::get_if<ToolCompleted>(&event)) return done->tool_call_id;
  if (const auto* failed = std::get_if<ToolFailed>(&event)) return failed->tool_call_id;
  return {};
}

const Json* extra_of(const SessionEvent& event) {
  if (const auto* done = std::get_if<ToolCompleted>(&event)) return ours(done->extra);
  if (const auto* failed = std::get_if<ToolFailed>(&event)) return ours(failed->extra);
  return nullptr;
}

Json tool_use(const Part& part, std::span<const ToolCalled> calls) {
  const auto index = part.call_index();
  const auto found = std::find_if(calls.begin(), calls.end(), [&](const ToolCalled& call) {
    return index ? call.index == *index : call.tool_call_id == part.tool_call_id();
  });
  Json block;
  block.add("type", "tool_use").add("id", part.tool_call_id().value_or(""));
  block.add("name", found == calls.end() ? std::string() : found->tool);
  Json input = found == calls.end() ? Json(Json::Object{}) : found->arguments;
  if (const auto* text = input.if_string();
      text != nullptr && part.json.find("as_text") == nullptr) {
    // Arguments recorded as text of JSON: the format wants the object.
    if (auto parsed = parse_json(*text); parsed && parsed->is_object()) input = *std::move(parsed);
  }
  if (part.json.find("without_input") == nullptr) block.add("input", std::move(input));
  add_members(part.json.find("extra"), block);
  return block;
}

}  // namespace

Json write_message(const MessageSent& event, std::span<const SessionEvent> results) {
  const Json* extra = ours(event.extra);
  if (const Json* raw = member(extra, "raw")) return *raw;
  Json message;
  const bool foreign = event.role == Role::agent || event.role == Role::other;
  message.add("role", foreign ? to_word(Role::user) : to_word(event.role));
  const bool single = event.parts.size() == 1 && plain_text_part(event.parts.front());
  if (single && !says(extra, "content", "blocks")) {
    message.add("content", event.parts.front().text().value_or(""));
  } else {
    Json::Array blocks;
    std::size_t next = 0;
    for (const Part& part : event.parts) {
      if (part.kind() != "tool_result") {
        blocks.push_back(write_block(part));
        continue;
      }
      while (next < results.size() && call_of(results[next]) != part.tool_call_id()) ++next;
      if (next < results.size()) blocks.push_back(result_block(results[next++]));
    }
    message.add("content", std::move(blocks));
  }
  add_fields(extra, message);
  return message;
}

Json write_results(std::span<const SessionEvent> results) {
  const Json* extra = results.empty() ? nullptr : extra_of(results.front());
  if (const Json* raw = member(extra, "raw")) return *raw;
  Json message;
  Json::Array blocks;
  for (const SessionEvent& each : results) blocks.push_back(result_block(each));
  message.add("role", "user").add("content", std::move(blocks));
  return message;
}

Json write_message(const ResponseReceived& event, std::span<const ToolCalled> calls) {
  const Json* extra = ours(event.extra);
  if (const Json* raw = member(extra, "raw")) return *raw;
  Json message;
  const bool whole = says(extra, "form", "message");
  if (whole) message.add("id", event.message_id).add("type", "message");
  message.add("role", "assistant");
  const bool text = event.parts.size() == 1 && plain_text_part(event.parts.front()) &&
                    says(extra, "content", "string");
  if (text) {
    message.add("content", event.parts.front().text().value_or(""));
  } else {
    Json::Array blocks;
    for (const Part& part : event.parts) {
      blocks.push_back(part.kind() == "tool_call" ? tool_use(part, calls) : write_block(part));
    }
    message.add("content", std::move(blocks));
  }
  if (extra != nullptr) {  // otherwise these are no part of what was sent
    if (event.model) message.add("model", *event.model);
    if (event.finish_reason_raw) message.add("stop_reason", *event.finish_reason_raw);
    if (event.raw_usage) message.add("usage", *event.raw_usage);
  }
  add_fields(extra, message);
  return message;
}

}  // namespace hansard::events::anthropic
