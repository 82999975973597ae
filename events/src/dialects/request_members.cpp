#include "dialects/request_members.h"

#include <algorithm>
#include <array>

namespace hansard::events {
namespace {

constexpr std::string_view kForm = "hansard.form";
constexpr std::string_view kLacks = "no_messages";

core::Error expected(std::string_view field, std::string_view what, const Json& found) {
  return bad_field(
      field, "expected " + std::string(what) + ", found " + std::string(describe(found.kind())));
}

}  // namespace

core::Result<CallRequest> split_members(Json body, const RequestNames& names) {
  if (!body.is_object()) return expected("", "a JSON object", body);
  CallRequest request;
  request.stream = names.streams_unasked;
  enum Place : std::size_t { messages, model, system, tools, stream, own };
  const std::array<std::string_view, 6> keys{names.messages, "model",  names.system,
                                             names.tools,    "stream", kForm};
  std::array<bool, 6> seen{};
  bool has_messages = false;
  for (Json::Member& member : *body.if_object()) {
    Json& value = member.value;
    const auto* key = std::find(keys.begin(), keys.end(), member.key);
    const auto place = static_cast<std::size_t>(key - keys.begin());
    const bool first = place < keys.size() && !key->empty() && !seen[place];
    if (first) seen[place] = true;
    if (first && place == messages && !(value.is_null() && names.may_lack_messages)) {
      if (!value.is_array()) return expected(names.messages, "a list", value);
      request.messages = std::move(*value.if_array());
      has_messages = true;
      continue;
    }
    if (first && !value.is_null()) {
      if (place == model) {
        if (!value.is_string()) return expected("model", "a text", value);
        request.model = std::move(*value.if_string());
        continue;
      }
      if (place == system) {
        const bool fits = value.is_string() || value.is_array();
        if (!fits) return expected(names.system, "a text or a list", value);
        request.system = std::move(value);
        continue;
      }
      if (place == tools && value.is_array()) {
        request.tools = std::move(value);
        continue;
      }
      if (place == stream) {
        const bool* asked = value.if_boolean();
        if (asked == nullptr) return expected("stream", "true or false", value);
        request.stream = *asked;
      }
    }
    request.parameters.add(std::move(member.key), std::move(value));
  }
  const bool lacks = !has_messages;
  if (lacks && !names.may_lack_messages) {
    return bad_field(names.messages, "the field is required");
  }
  // A member of theirs that is called so: ours is the last of that name.
  if (seen[own]) request.parameters.add(std::string(kForm), Json::Object{});
  if (lacks) put_form(request, Json::Object{{std::string(kLacks), true}});
  return request;
}

Json join_members(CallRequest request, const RequestNames& names, const Json& form) {
  Json body = Json::Object{};
  if (request.model) body.add("model", *std::move(request.model));
  if (request.system && !names.system.empty()) {
    body.add(std::string(names.system), *std::move(request.system));
  }
  if (form.find(kLacks) == nullptr || !request.messages.empty()) {
    body.add(std::string(names.messages), std::move(request.messages));
  }
  if (request.tools && !names.tools.empty()) {
    body.add(std::string(names.tools), *std::move(request.tools));
  }
  if (Json::Object* rest = request.parameters.if_object()) {
    for (Json::Member& member : *rest) body.add(std::move(member.key), std::move(member.value));
  }
  return body;
}

void put_form(CallRequest& request, Json form) {
  if (form.is_null()) return;
  Json before = take_form(request);
  if (Json::Object* members = before.if_object()) {
    for (Json::Member& member : *members) form.add(std::move(member.key), std::move(member.value));
  }
  request.parameters.add(std::string(kForm), std::move(form));
}

Json take_form(CallRequest& request) {
  Json::Object* rest = request.parameters.if_object();
  if (rest == nullptr) return {};
  const auto ours = std::find_if(rest->rbegin(), rest->rend(),
                                 [](const Json::Member& each) { return each.key == kForm; });
  if (ours == rest->rend()) return {};
  Json form = std::move(ours->value);
  rest->erase(std::next(ours).base());
  return form;
}

bool text_to_message(Json& body, std::string_view key) {
  Json* value = body.find(key);
  if (value == nullptr || !value->is_string()) return false;
  Json message = Json::Object{{"role", "user"}, {"content", std::move(*value)}};
  *value = Json::Array{std::move(message)};
  return true;
}

void message_to_text(Json& body, std::string_view key) {
  Json* value = body.find(key);
  const Json::Array* messages = value == nullptr ? nullptr : value->if_array();
  if (messages == nullptr || messages->size() != 1) return;
  const Json& message = messages->front();
  const Json* content = message.find("content");
  const bool text =
      text_member(message, "role") == "user" && content != nullptr && content->is_string();
  if (text) *value = Json(*content);
}

std::optional<std::string> text_member(const Json& object, std::string_view key) {
  const Json* value = object.find(key);
  const std::string* text = value == nullptr ? nullptr : value->if_string();
  if (text == nullptr || text->empty()) return {};
  return *text;
}

StringMap text_members(const Json* object) {
  StringMap out;
  const auto* members = object == nullptr ? nullptr : object->if_object();
  if (members == nullptr) return out;
  for (const Json::Member& member : *members) {
    const std::string* text = member.value.if_string();
    const bool known = std::any_of(out.begin(), out.end(),
                                   [&](const auto& each) { return each.first == member.key; });
    if (text != nullptr && !member.key.empty() && !known) out.emplace_back(member.key, *text);
  }
  return out;
}

void read_identity(CallRequest& request) {
  request.user = text_member(request.parameters, "user");
  if (!request.user) request.user = text_member(request.parameters, "safety_identifier");
  request.tags = text_members(request.parameters.find("metadata"));
}

void OpenCalls::note(std::span<const SessionStep> steps) {
  for (const SessionStep& step : steps) {
    if (const auto* call = std::get_if<CallTool>(&step)) {
      open_.push_back(
          {call->tool_call_id, call->message_id.value_or(""), call->index.value_or(0), call->tool});
    }
  }
}

void OpenCalls::bind(SessionStep& step) {
  const auto bind = [this](auto& result) {
    if (result.index) return;
    const auto call = std::find_if(open_.rbegin(), open_.rend(), [&](const Call& each) {
      return each.tool_call_id == result.tool_call_id;
    });
    if (call == open_.rend()) return;
    result.message_id = call->message_id;
    result.index = call->index;
    if (!result.tool) result.tool = call->tool;
    result.result_id.reset();
    open_.erase(std::next(call).base());
  };
  if (auto* done = std::get_if<CompleteTool>(&step)) bind(*done);
  if (auto* failed = std::get_if<FailTool>(&step)) bind(*failed);
}

std::optional<OpenCalls::Call> OpenCalls::take_next(std::string_view tool) {
  const auto fits = [&](const Call& each) { return tool.empty() || each.tool == tool; };
  const auto last = std::find_if(open_.rbegin(), open_.rend(), fits);
  if (last == open_.rend()) return {};
  const auto first = std::find_if(open_.begin(), open_.end(), [&](const Call& each) {
    return fits(each) && each.message_id == last->message_id;
  });
  Call call = std::move(*first);
  open_.erase(first);
  return call;
}

}  // namespace hansard::events
