#include <utility>

#include "dialects/request_settings.h"
#include "events/dialects/translate.h"

namespace hansard::events {
namespace {

bool is_aside(const SessionEvent& event) {
  const auto* sent = std::get_if<MessageSent>(&event);
  return sent != nullptr && (sent->role == Role::system || sent->role == Role::developer);
}

void add_text(std::optional<std::string>& to, std::string_view text) {
  if (text.empty()) return;
  if (!to) {
    to = text;
  } else {
    *to += "\n\n" + std::string(text);
  }
}

core::Error unknown(std::string_view dialect) {
  return {core::Errc::unsupported,
          "requests of " + std::string(dialect) + " are not translated to or from"};
}

}  // namespace

core::Result<CallRequest> translate(const CallRequest& asked, const RequestDialect& from,
                                    std::span<const SessionEvent> window,
                                    const RequestDialect& to) {
  if (from.name() == to.name()) {
    CallRequest same = asked;
    same.messages = to.write(window);
    return same;
  }
  const auto theirs = words_of(from.name());
  if (!theirs) return unknown(from.name());
  const auto words = words_of(to.name());
  if (!words) return unknown(to.name());

  CallSettings settings = read_settings(asked, *theirs);
  CallRequest request;
  request.kind = asked.kind;
  request.model = asked.model;
  request.stream = asked.stream;
  request.user = asked.user;
  request.tags = asked.tags;
  const bool beside = *words == Words::anthropic || *words == Words::responses;
  if (beside) {
    // What a system says first is no turn.
    while (!window.empty() && is_aside(window.front())) {
      add_text(settings.system, plain_text(std::get<MessageSent>(window.front()).parts));
      window = window.subspan(1);
    }
  }
  if (beside && settings.system) request.system = Json(*settings.system);
  if (!beside && settings.system) {
    request.messages.push_back(Json::Object{{"role", "system"}, {"content", *settings.system}});
  }
  Json::Array said = to.write(window);
  std::move(said.begin(), said.end(), std::back_inserter(request.messages));
  write_settings(settings, *words, request);
  return request;
}

}  // namespace hansard::events
