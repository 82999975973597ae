#include "reply.h"

#include <optional>
#include <utility>

#include "events/dialects/apis.h"
#include "events/session/facts.h"
#include "said.h"

namespace hansard::scripted {

namespace {

using events::Api;
using events::Json;
using events::SessionEvent;
using std::chrono::microseconds;

constexpr std::string_view kSaid = "{said}";

/// How a provider of that dialect says no.
Json error_body(std::string_view dialect, int status, const std::string& message) {
  const char* type = status == 404   ? "not_found_error"
                     : status == 429 ? "rate_limit_error"
                     : status < 500  ? "invalid_request_error"
                                     : "api_error";
  if (dialect.starts_with("anthropic")) {
    return Json::Object{{"type", "error"},
                        {"error", Json::Object{{"type", type}, {"message", message}}}};
  }
  if (dialect.starts_with("ollama")) return Json::Object{{"error", message}};
  return Json::Object{
      {"error",
       Json::Object{{"message", message}, {"type", type}, {"param", nullptr}, {"code", nullptr}}}};
}

Reply document(int status, const Json& body) {
  Reply reply;
  std::string bytes = dump(body);
  reply.head.status = status;
  reply.head.fields = {{"Content-Type", "application/json"},
                       {"Content-Length", std::to_string(bytes.size())}};
  reply.pieces.push_back({{}, std::move(bytes)});
  return reply;
}

std::string fill_in(std::string answer, const std::string& said) {
  for (auto at = answer.find(kSaid); at != std::string::npos; at = answer.find(kSaid, at)) {
    answer.replace(at, kSaid.size(), said);
    at += said.size();
  }
  return answer;
}

/// The answer that a rule gives, as it would be recorded.
std::vector<SessionEvent> answer_of(const Rule& rule, const Said& said, const Made& made,
                                    const std::optional<std::string>& model) {
  events::ResponseReceived answer;
  answer.call_id = made.name;
  answer.message_id = made.name;
  answer.model = model.value_or("scripted");
  answer.finish_reason =
      rule.tool_calls.empty() ? events::FinishReason::stop : events::FinishReason::tool_call;
  events::Usage usage;
  usage.input_text = said.words;
  usage.output_text = 0;
  if (!rule.answer.empty()) {
    const std::string text = fill_in(rule.answer, said.last);
    *usage.output_text += count(text);
    answer.parts.push_back(events::Part::make_text(text));
  }
  std::vector<SessionEvent> calls;
  for (const Rule::Call& each : rule.tool_calls) {
    events::ToolCalled call;
    call.index = static_cast<std::uint32_t>(calls.size());
    call.tool_call_id = "call_" + made.name + "_" + std::to_string(call.index);
    call.message_id = made.name;
    call.tool = each.tool;
    call.arguments = each.arguments;
    *usage.output_text += count(dump(each.arguments));
    answer.parts.push_back(events::Part::make_tool_call(call.tool_call_id, call.index));
    calls.emplace_back(std::move(call));
  }
  answer.usage = usage;
  answer.usage_source = events::UsageSource::provider;
  std::vector<SessionEvent> out{std::move(answer)};
  out.insert(out.end(), std::make_move_iterator(calls.begin()),
             std::make_move_iterator(calls.end()));
  return out;
}

/// What providers say beside the answer itself, under the names of each API.
void sign(const Api& api, const Made& made, Json& body) {
  const auto set = [&body](const char* key, Json value) {
    if (Json* there = body.find(key)) {
      *there = std::move(value);
    } else {
      body.add(key, std::move(value));
    }
  };
  const auto seconds =
      std::chrono::duration_cast<std::chrono::seconds>(made.at.time_since_epoch()).count();
  if (api.name.starts_with("ollama")) return set("created_at", core::format_time(made.at));
  if (api.name == "anthropic") return set("id", "msg_" + made.name);
  if (api.name == "openai.responses") {
    set("id", "resp_" + made.name);
    return set("created_at", seconds);
  }
  set("id", "chatcmpl-" + made.name);
  set("created", seconds);
}

/// Puts `to` in the place of the first text that is `from`.
bool replace_text(Json& in, const std::string& from, std::string_view to) {
  if (std::string* text = in.if_string()) {
    if (*text != from) return false;
    *text = to;
    return true;
  }
  if (Json::Array* list = in.if_array()) {
    for (Json& each : *list) {
      if (replace_text(each, from, to)) return true;
    }
  } else if (Json::Object* members = in.if_object()) {
    for (Json::Member& member : *members) {
      if (replace_text(member.value, from, to)) return true;
    }
  }
  return false;
}

/// The track of a stream that says `text` a word at a time. Each API has a form of its own; what
/// listens to streams of that API writes it, so it is made to listen to one.
Json track_of(const Api& api, const Json& body, const std::string& text, microseconds pace) {
  const auto kinds = api.answers.stream();
  const auto listener = api.answers.stream();
  std::uint64_t at = 0;
  for (const events::TimedFrame& frame : api.answers.write_stream(body, Json())) {
    const bool content = kinds->add({frame.event, frame.data}, 0) == events::FrameKind::content;
    auto data = events::parse_json(frame.data);
    if (!content || !data || !replace_text(*data, text, "")) {
      listener->add({frame.event, frame.data}, at);
      continue;
    }
    for (const std::string_view word : words(text)) {
      Json delta = *events::parse_json(frame.data);
      replace_text(delta, text, word);
      listener->add({frame.event, dump(delta)}, at);
      at += static_cast<std::uint64_t>(pace.count());
    }
  }
  return listener->end().track;
}

std::string framed(const Api& api, const events::TimedFrame& frame) {
  if (api.stream == Api::Stream::lines) return frame.data + "\n";
  const std::string event = frame.event.empty() ? "" : "event: " + frame.event + "\n";
  return event + "data: " + frame.data + "\n\n";
}

/// A stream tells usage to whom has asked, where the API has it so.
bool wants_usage(const Api& api, const events::CallRequest& request) {
  if (!api.usage_on_request) return true;
  const Json* options = request.parameters.find("stream_options");
  const Json* wanted = options == nullptr ? nullptr : options->find("include_usage");
  return wanted != nullptr && wanted->if_boolean() != nullptr && *wanted->if_boolean();
}

Reply streamed(const Api& api, const Json& body, const std::string& text, const Rule& rule,
               bool usage) {
  Reply reply;
  reply.head.status = 200;
  reply.head.fields = {
      {"Content-Type", api.stream == Api::Stream::lines ? "application/x-ndjson"
                                                        : "text/event-stream; charset=utf-8"},
      {"Cache-Control", "no-cache"}};
  const auto kinds = api.answers.stream();
  const Json track = text.empty() ? Json() : track_of(api, body, text, rule.pace);
  for (const events::TimedFrame& frame : api.answers.write_stream(body, track)) {
    const events::FrameKind kind = kinds->add({frame.event, frame.data}, frame.at_us);
    if (kind == events::FrameKind::usage && !usage) continue;
    reply.pieces.push_back({microseconds(frame.at_us), framed(api, frame)});
  }
  return reply;
}

Reply refused(std::string_view dialect, int status, const std::string& message) {
  return document(status, error_body(dialect, status, message));
}

}  // namespace

Reply reply_to(const Scripted& provider, const core::ProviderCall& call, const Made& made) {
  const std::string path = call.target.substr(0, call.target.find('?'));
  const Api* api = call.method == "POST" ? events::api_at(path) : nullptr;
  if (api == nullptr) {
    return refused(provider.dialect, 404, "a script has no " + call.method + " " + path);
  }
  auto body = events::parse_json(call.body);
  if (!body) return refused(api->name, 400, body.error().message);
  auto request = api->requests.split(*std::move(body));
  if (!request) return refused(api->name, 400, request.error().message);
  const auto said = said_in(*api, *request);
  if (!said) return refused(api->name, 400, said.error().message);
  const Rule* rule = provider.script.choose(said->last);
  if (rule == nullptr) return refused(api->name, 404, "no rule of the script fits what was said");

  Reply reply;
  if (rule->status != 200) {
    reply = refused(api->name, rule->status, fill_in(rule->answer, said->last));
  } else {
    Json answer = api->answers.write(answer_of(*rule, *said, made, request->model));
    sign(*api, made, answer);
    const std::string text = fill_in(rule->answer, said->last);
    reply = request->stream ? streamed(*api, answer, text, *rule, wants_usage(*api, *request))
                            : document(200, answer);
  }
  reply.delay = rule->delay;
  return reply;
}

}  // namespace hansard::scripted
