#include "prompt_words.h"

#include <iterator>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace hansard::gateway {

namespace {

using core::Errc;
using core::Error;
using core::Result;
using events::CallRequest;
using events::Json;
using events::PromptRole;
using events::RenderedMessage;
using events::SessionEvent;

constexpr std::string_view kBetween = "\n\n";

Error no_prompt(const events::Api& api, const std::string& why) {
  return {Errc::invalid_argument, "prompt: a call of " + std::string(api.name) + " " + why,
          "prompt"};
}

bool is_system(const RenderedMessage& message) {
  return message.role == PromptRole::system || message.role == PromptRole::developer;
}

void add_text(std::string& to, std::string_view text) {
  if (!to.empty()) to += kBetween;
  to += text;
}

bool has_system_beside(const events::Api& api) {
  return api.name == "anthropic" || api.name == "openai.responses" || api.name == "ollama.generate";
}

/// Before what the client set there: a text, or a list of blocks.
void put_system(std::string text, CallRequest& request) {
  if (!request.system) {
    request.system = Json(std::move(text));
  } else if (auto* blocks = request.system->if_array()) {
    blocks->insert(blocks->begin(),
                   Json(Json::Object{{"type", "text"}, {"text", std::move(text)}}));
  } else {
    add_text(text, *request.system->if_string());
    request.system = Json(std::move(text));
  }
}

SessionEvent event_of(const RenderedMessage& message, std::size_t index) {
  events::Parts parts{events::Part::make_text(message.text)};
  if (message.role == PromptRole::assistant) {
    events::ResponseReceived answer;
    answer.call_id = "c" + std::to_string(index);
    answer.message_id = "m" + std::to_string(index);
    answer.parts = std::move(parts);
    return answer;
  }
  events::MessageSent sent;
  sent.message_id = "m" + std::to_string(index);
  sent.role = message.role == PromptRole::system      ? events::Role::system
              : message.role == PromptRole::developer ? events::Role::developer
                                                      : events::Role::user;
  sent.parts = std::move(parts);
  return sent;
}

Json::Array written(const events::Api& api, const std::vector<RenderedMessage>& messages) {
  std::vector<SessionEvent> window;
  for (const RenderedMessage& message : messages) {
    window.push_back(event_of(message, window.size()));
  }
  return api.requests.write(window);
}

/// APIs that take one text and no conversation.
Result<std::size_t> put_text(const std::vector<RenderedMessage>& messages, const events::Api& api,
                             CallRequest& request) {
  std::string text;
  for (const RenderedMessage& message : messages) {
    if (message.role == PromptRole::assistant) {
      return no_prompt(api, "takes one text, and the prompt has answers in it");
    }
    add_text(text, message.text);
  }
  if (request.messages.size() > 1) return no_prompt(api, "takes a prompt before one text only");
  if (!request.messages.empty()) {
    const Json* own = request.messages.front().find("content");
    const std::string* said = own == nullptr ? nullptr : own->if_string();
    if (said == nullptr) return no_prompt(api, "takes a prompt before a text only");
    if (text.empty()) return std::size_t{0};
    add_text(text, *said);
    *request.messages.front().find("content") = Json(std::move(text));
  } else if (!text.empty()) {
    request.messages.push_back(Json::Object{{"role", "user"}, {"content", std::move(text)}});
  }
  return std::size_t{0};
}

}  // namespace

Result<std::size_t> put_before(const events::RenderedPrompt& prompt, const events::Api& api,
                               CallRequest& request) {
  const bool text = request.kind == events::CallKind::completion;
  if (!text && request.kind != events::CallKind::chat) return no_prompt(api, "takes no prompt");
  auto at = prompt.messages.begin();
  if (has_system_beside(api)) {
    std::string system;
    for (; at != prompt.messages.end() && is_system(*at); ++at) add_text(system, at->text);
    if (!system.empty()) put_system(std::move(system), request);
  }
  std::vector<RenderedMessage> said(at, prompt.messages.end());
  if (text) return put_text(said, api, request);
  std::size_t given = 0;
  for (std::size_t i = 0; i < said.size(); ++i) {
    if (said[i].role == PromptRole::assistant) given = i + 1;
  }
  std::vector<RenderedMessage> own(said.begin() + static_cast<std::ptrdiff_t>(given), said.end());
  said.resize(given);
  if (request.previous_answer) said.clear();
  Json::Array messages = written(api, said);
  given = messages.size();
  Json::Array asked = written(api, own);
  std::move(asked.begin(), asked.end(), std::back_inserter(messages));
  std::move(request.messages.begin(), request.messages.end(), std::back_inserter(messages));
  request.messages = std::move(messages);
  return given;
}

void allow_no_messages(const events::Api& api, Json& body) {
  const bool insists = api.name == "openai.chat" || api.name == "anthropic";
  if (!insists || !body.is_object()) return;
  Json* messages = body.find("messages");
  if (messages == nullptr) {
    body.add("messages", Json::Array{});
  } else if (messages->is_null()) {
    *messages = Json::Array{};
  }
}

}  // namespace hansard::gateway
