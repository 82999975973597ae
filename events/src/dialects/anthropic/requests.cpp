#include "events/dialects/anthropic/requests.h"

#include <algorithm>
#include <map>

#include "dialects/request_members.h"
#include "events/dialects/anthropic/messages.h"

namespace hansard::events::anthropic {
namespace {

constexpr RequestNames kNames{"messages", "system", "tools"};
constexpr std::string_view kSession = "_session_";

bool is_result(const SessionEvent& event) {
  return std::holds_alternative<ToolCompleted>(event) || std::holds_alternative<ToolFailed>(event);
}

bool has_results(const MessageSent& message) {
  return std::any_of(message.parts.begin(), message.parts.end(),
                     [](const Part& part) { return part.kind() == "tool_result"; });
}

/// Results stand in the message of the user that brought them, before what it says besides.
Json::Array write_all(std::span<const SessionEvent> window) {
  std::map<std::string_view, std::vector<ToolCalled>> calls;
  for (const SessionEvent& event : window) {
    if (const auto* call = std::get_if<ToolCalled>(&event)) {
      calls[call->message_id].push_back(*call);
    }
  }
  Json::Array messages;
  std::vector<SessionEvent> results;
  const auto flush = [&] {
    if (!results.empty()) messages.push_back(write_results(results));
    results.clear();
  };
  for (const SessionEvent& event : window) {
    if (is_result(event)) {
      results.push_back(event);
    } else if (const auto* sent = std::get_if<MessageSent>(&event)) {
      if (!has_results(*sent)) flush();
      messages.push_back(write_message(*sent, results));
      results.clear();
    } else if (const auto* answer = std::get_if<ResponseReceived>(&event)) {
      flush();
      messages.push_back(write_message(*answer, calls[answer->message_id]));
    }
  }
  flush();
  return messages;
}

class Requests final : public RequestDialect {
 public:
  [[nodiscard]] std::string_view name() const override { return "anthropic"; }

  [[nodiscard]] core::Result<CallRequest> split(Json body) const override {
    auto request = split_members(std::move(body), kNames);
    if (!request) return request;
    const Json* metadata = request->parameters.find("metadata");
    if (metadata == nullptr) return request;
    request->user = text_member(*metadata, "user_id");
    if (!request->user || !request->user->starts_with("user_")) return request;
    if (const auto session = request->user->rfind(kSession); session != std::string::npos) {
      request->conversation = request->user->substr(session + kSession.size());
      request->user->erase(session);
    }
    return request;
  }
  [[nodiscard]] Json join(CallRequest request) const override {
    return join_members(std::move(request), kNames);
  }

  [[nodiscard]] core::Result<std::vector<RequestTurn>> read(const Json::Array& messages,
                                                            const RequestIds& ids) const override {
    OpenCalls open;
    std::vector<RequestTurn> turns;
    for (std::size_t i = 0; i < messages.size(); ++i) {
      auto steps =
          read_message(messages[i], {ids.message_id(i), ids.call_id(i)}, join_path("messages", i));
      if (!steps) return steps.error();
      for (SessionStep& step : *steps) open.bind(step);
      open.note(*steps);
      turns.push_back({i, *std::move(steps)});
    }
    return turns;
  }
  [[nodiscard]] Json::Array write(std::span<const SessionEvent> window) const override {
    return write_all(window);
  }
};

}  // namespace

const RequestDialect& requests() {
  static const Requests dialect;
  return dialect;
}

}  // namespace hansard::events::anthropic
