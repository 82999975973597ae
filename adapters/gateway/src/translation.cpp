#include "translation.h"

#include <array>
#include <utility>
#include <vector>

#include "events/dialects/translate.h"
#include "fields.h"
#include "own_answer.h"
#include "prompt.h"

namespace hansard::gateway {

namespace {

using core::Errc;
using core::Error;
using core::Result;
using events::Api;
using events::Json;

/// The API for conversations in each dialect, and where it is found below a base URL.
struct Place {
  std::string_view dialect;
  std::string_view api;
  std::string_view target;
};
constexpr std::array<Place, 3> kPlaces{{{"openai", "openai.chat", "/v1/chat/completions"},
                                        {"anthropic", "anthropic", "/v1/messages"},
                                        {"ollama", "ollama.chat", "/api/chat"}}};
constexpr std::string_view kAnthropicVersion = "2023-06-01";

/// Everything that was said, as events.
Result<std::vector<events::SessionEvent>> window_of(const Api& api, const Json::Array& messages) {
  events::RequestIds ids;
  ids.message_id = [](std::size_t message) { return "m" + std::to_string(message); };
  ids.call_id = [](std::size_t message) { return "c" + std::to_string(message); };
  auto turns = api.requests.read(messages, ids);
  if (!turns) return turns.error();
  std::vector<events::SessionEvent> window;
  for (const events::RequestTurn& turn : *turns) {
    for (events::SessionEvent& event : events_of(turn.steps)) window.push_back(std::move(event));
  }
  return window;
}

/// Without what only the client's own provider understands.
void tell_fields(Fields& fields, const Api& to) {
  std::erase_if(fields, [](const core::HttpField& field) {
    const auto begins = [&](std::string_view with) {
      const core::HttpField beginning{field.name.substr(0, with.size()), ""};
      return find_field({beginning}, with).has_value();
    };
    return begins("anthropic-") || begins("openai-") || begins("x-stainless-");
  });
  set_field(fields, "Content-Type", "application/json");
  set_field(fields, "Accept", "application/json");
  set_field(fields, "Accept-Encoding", "identity");
  if (to.name == "anthropic") set_field(fields, "anthropic-version", kAnthropicVersion);
}

}  // namespace

bool speaks(std::string_view dialect, const Api& api) {
  return api.name == dialect ||
         (api.name.starts_with(dialect) && api.name.substr(dialect.size()).starts_with("."));
}

Result<Translation> Translation::make(core::ProviderCall call, const Api& api,
                                      std::string_view dialect, std::string name) {
  const Place* place = nullptr;
  for (const Place& each : kPlaces) {
    if (each.dialect == dialect) place = &each;
  }
  const Api* to = place == nullptr ? nullptr : events::api_named(place->api);
  if (to == nullptr)
    return Error{Errc::unsupported, "no dialect is called " + std::string(dialect)};
  auto body = events::parse_json(call.body);
  if (!body) return body.error();
  auto asked = api.requests.split(*std::move(body));
  if (!asked) return asked.error();
  if (asked->previous_answer) {
    return Error{Errc::unsupported, "the call goes on from an answer that its provider keeps"};
  }
  const auto window = window_of(api, asked->messages);
  if (!window) return window.error();
  auto told = events::translate(*asked, api.requests, *window, to->requests);
  if (!told) return told.error();
  Json request = to->requests.join(*std::move(told));
  if (Json::Object* members = request.if_object()) {
    std::erase_if(*members, [](const Json::Member& member) {
      return member.key == "stream" || member.key == "stream_options";
    });
  }
  request.add("stream", false);  // said: Ollama streams unless it is told not to

  Translation translation(api, *to);
  translation.form_ = form_of(api, asked->stream, call.body);
  translation.name_ = std::move(name);
  translation.call_ = std::move(call);
  translation.call_.target = place->target;
  translation.call_.body = dump(request);
  tell_fields(translation.call_.fields, *to);
  return translation;
}

Translation::Answer Translation::refusal(const core::ProviderHead& head,
                                         const std::string& body) const {
  auto document = events::parse_json(body);
  const events::ProviderError error =
      to_->read_error(head.status, document ? *std::move(document) : Json(std::string()));
  const Json* message = error.error.is_object() ? error.error.find("message") : &error.error;
  const std::string* text = message == nullptr ? nullptr : message->if_string();
  std::string told = text != nullptr && !text->empty()
                         ? *text
                         : "the provider answered " + std::to_string(head.status);
  told = error_body(from_, error.type.value_or("provider_error"), told);
  Answer answer;
  answer.head = own_head(head.status, told.size());
  for (const char* kept : {"Retry-After", "retry-after-ms"}) {
    if (const auto value = find_field(head.fields, kept)) {
      answer.head.fields.push_back({kept, std::string(*value)});
    }
  }
  answer.body = body_at_hand(std::move(told));
  return answer;
}

Result<Translation::Answer> Translation::answer(const core::ProviderHead& head,
                                                const std::string& body) const {
  if (head.status < 200 || head.status > 299) return refusal(head, body);
  const auto unreadable = [](const std::string& why) {
    return Error{Errc::unavailable, "the provider's answer cannot be translated: " + why,
                 "protocol"};
  };
  auto document = events::parse_json(body);
  if (!document) return unreadable(document.error().message);
  events::AnswerIds ids;
  ids.call_id = name_;
  ids.message_id = [this](std::uint32_t choice) {
    return "msg_" + name_ + (choice == 0 ? "" : "_" + std::to_string(choice));
  };
  auto steps = to_->answers.read(*document, ids);
  if (!steps) return unreadable(steps.error().message);
  const auto events = events_of(*steps);
  KeptAnswer told;
  told.api = from_;
  told.body = dump(from_->answers.write(events));
  auto pieces = written(told, form_);
  if (!pieces) return unreadable(pieces.error().message);
  Answer answer;
  answer.head = kept_head(*from_, form_, to_->name);
  answer.body = give(*std::move(pieces));
  return answer;
}

}  // namespace hansard::gateway
