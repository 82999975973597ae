#include "formats/inspect_parts.h"

#include <algorithm>
#include <utility>

#include "formats/steps.h"

namespace hansard::importers::inspect {

using events::Json;

namespace {

constexpr std::string_view kName = "attachment://";
constexpr std::string_view kOldName = "tc://";

std::string_view hash_in(std::string_view text) {
  for (const std::string_view prefix : {kName, kOldName}) {
    if (text.substr(0, prefix.size()) == prefix) return text.substr(prefix.size());
  }
  return {};
}

Json openai_call(const Json& call) {
  const auto tool = text_at(call, "function");
  if (!tool) return call;  // the dialect says what is wrong with it
  Json function;
  function.add("name", *tool);
  if (const Json* arguments = call.find("arguments")) function.add("arguments", *arguments);
  Json out;
  for (const Json::Member& member : *call.if_object()) {
    if (member.key != "function" && member.key != "arguments") out.add(member.key, member.value);
  }
  if (out.find("type") == nullptr) out.add("type", "function");
  out.add("function", std::move(function));
  return out;
}

Json openai_part(const Json& part) {
  const auto type = text_at(part, "type");
  const auto image = text_at(part, "image");
  if (type != "image" || !image) return part;
  Json url;
  url.add("url", *image);
  for (Json::Member& member : without(part, {"type", "image"})) {
    url.add(member.key, std::move(member.value));
  }
  Json out;
  out.add("type", "image_url").add("image_url", std::move(url));
  return out;
}

Json each(const Json& list, Json (*rewrite)(const Json&)) {
  Json out = Json::Array{};
  for (const Json& element : *list.if_array()) out.push(rewrite(element));
  return out;
}

}  // namespace

Attachments::Attachments(const Json& sample) : texts_(sample.find("attachments")) {
  if (texts_ == nullptr) {
    const Json* transcript = sample.find("transcript");
    if (transcript != nullptr) texts_ = transcript->find("content");
  }
}

Json Attachments::resolve(const Json& value) {
  if (const std::string* text = value.if_string()) {
    const std::string_view hash = hash_in(*text);
    if (hash.empty()) return value;
    const Json* found = texts_ == nullptr ? nullptr : texts_->find(hash);
    if (found != nullptr && found->is_string()) return *found;
    if (std::find(missing_.begin(), missing_.end(), *text) == missing_.end()) {
      missing_.push_back(*text);
    }
    return value;
  }
  if (const Json::Array* list = value.if_array()) {
    Json out = Json::Array{};
    for (const Json& element : *list) out.push(resolve(element));
    return out;
  }
  if (const Json::Object* object = value.if_object()) {
    Json out = Json::Object{};
    for (const Json::Member& member : *object) out.add(member.key, resolve(member.value));
    return out;
  }
  return value;
}

Json openai_message(const Json& message) {
  if (!message.is_object()) return message;
  Json out;
  for (const Json::Member& member : *message.if_object()) {
    if (member.key == "tool_calls" && member.value.is_array()) {
      out.add(member.key, each(member.value, openai_call));
    } else if (member.key == "content" && member.value.is_array()) {
      out.add(member.key, each(member.value, openai_part));
    } else {
      out.add(member.key, member.value);
    }
  }
  return out;
}

void name_thinking(events::Parts& parts) {
  for (events::Part& part : parts) {
    if (part.kind() != "reasoning") continue;
    const auto text = text_at(part.json, "reasoning");
    if (!text) continue;
    events::Part thinking = events::Part::make_thinking(*text);
    for (Json::Member& member : without(part.json, {"type", "reasoning", "text"})) {
      thinking.json.add(member.key, std::move(member.value));
    }
    part = std::move(thinking);
  }
}

Json call_without_messages(const Json& call) {
  Json out = Json::Object{};
  for (const Json::Member& member : *call.if_object()) {
    const bool request = member.key == "request";
    const bool both = (request || member.key == "response") && member.value.is_object();
    out.add(member.key, !both     ? member.value
                        : request ? Json(without(member.value, {"messages", "input", "tools"}))
                                  : Json(without(member.value, {"choices", "output", "content"})));
  }
  return out;
}

}  // namespace hansard::importers::inspect
