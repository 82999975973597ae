#include "dialects/request_members.h"
#include "events/dialects/openai/messages.h"
#include "events/dialects/openai/requests.h"

namespace hansard::events::openai {
namespace {

constexpr RequestNames kNames{"messages", "", "tools"};

class ChatRequests final : public RequestDialect {
 public:
  [[nodiscard]] std::string_view name() const override { return "openai.chat"; }

  [[nodiscard]] core::Result<CallRequest> split(Json body) const override {
    auto request = split_members(std::move(body), kNames);
    if (!request) return request;
    request->user = text_member(request->parameters, "user");
    if (!request->user) request->user = text_member(request->parameters, "safety_identifier");
    request->tags = text_members(request->parameters.find("metadata"));
    return request;
  }
  [[nodiscard]] Json join(CallRequest request) const override {
    return join_members(std::move(request), kNames);
  }

  [[nodiscard]] core::Result<std::vector<RequestTurn>> read(const Json::Array& messages,
                                                            const RequestIds& ids) const override {
    MessageReader reader;
    std::vector<RequestTurn> turns;
    for (std::size_t i = 0; i < messages.size(); ++i) {
      auto steps =
          reader.read(messages[i], {ids.message_id(i), ids.call_id(i)}, join_path("messages", i));
      if (!steps) return steps.error();
      turns.push_back({i, *std::move(steps)});
    }
    return turns;
  }
  [[nodiscard]] Json::Array write(std::span<const SessionEvent> window) const override {
    return write_messages(window);
  }
};

}  // namespace

const RequestDialect& chat_requests() {
  static const ChatRequests dialect;
  return dialect;
}

}  // namespace hansard::events::openai
