#include "events/dialects/ollama/requests.h"

#include "dialects/request_members.h"
#include "events/dialects/openai/messages.h"

namespace hansard::events::ollama {
namespace {

constexpr RequestNames kChat{"messages", "", "tools", true};
constexpr RequestNames kGenerate{"prompt", "system", "", true};

core::Result<std::vector<RequestTurn>> read_all(const Json::Array& messages, const RequestIds& ids,
                                                std::string_view path) {
  openai::MessageReader reader;
  std::vector<RequestTurn> turns;
  for (std::size_t i = 0; i < messages.size(); ++i) {
    auto steps = reader.read(messages[i], {ids.message_id(i), ids.call_id(i)}, join_path(path, i));
    if (!steps) return steps.error();
    turns.push_back({i, *std::move(steps)});
  }
  return turns;
}

class ChatRequests final : public RequestDialect {
 public:
  [[nodiscard]] std::string_view name() const override { return "ollama.chat"; }
  [[nodiscard]] core::Result<CallRequest> split(Json body) const override {
    return split_members(std::move(body), kChat);
  }
  [[nodiscard]] Json join(CallRequest request) const override {
    return join_members(std::move(request), kChat);
  }
  [[nodiscard]] core::Result<std::vector<RequestTurn>> read(const Json::Array& messages,
                                                            const RequestIds& ids) const override {
    return read_all(messages, ids, "messages");
  }
  [[nodiscard]] Json::Array write(std::span<const SessionEvent> window) const override {
    return openai::write_messages(window);
  }
};

class GenerateRequests final : public RequestDialect {
 public:
  [[nodiscard]] std::string_view name() const override { return "ollama.generate"; }
  [[nodiscard]] core::Result<CallRequest> split(Json body) const override {
    Json* prompt = body.find("prompt");
    if (prompt == nullptr || !prompt->is_string()) return bad_field("prompt", "expected a text");
    Json message = Json::Object{{"role", "user"}, {"content", std::move(*prompt)}};
    *prompt = Json::Array{std::move(message)};
    auto request = split_members(std::move(body), kGenerate);
    if (request) request->kind = CallKind::completion;
    return request;
  }
  [[nodiscard]] Json join(CallRequest request) const override {
    Json body = join_members(std::move(request), kGenerate);
    Json* prompt = body.find("prompt");
    const auto* messages = prompt->if_array();
    const Json* content =
        messages == nullptr || messages->size() != 1 ? nullptr : messages->front().find("content");
    if (content != nullptr) *prompt = Json(*content);
    return body;
  }
  [[nodiscard]] core::Result<std::vector<RequestTurn>> read(const Json::Array& messages,
                                                            const RequestIds& ids) const override {
    return read_all(messages, ids, "prompt");
  }
  [[nodiscard]] Json::Array write(std::span<const SessionEvent> window) const override {
    return openai::write_messages(window);
  }
};

}  // namespace

const RequestDialect& chat_requests() {
  static const ChatRequests dialect;
  return dialect;
}

const RequestDialect& generate_requests() {
  static const GenerateRequests dialect;
  return dialect;
}

}  // namespace hansard::events::ollama
