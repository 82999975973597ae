#include <array>
#include <utility>

#include "dialects/request_members.h"
#include "dialects/request_nearest.h"
#include "events/dialects/openai/messages.h"
#include "events/dialects/openai/requests.h"
#include "request_media.h"

namespace hansard::events::openai {
namespace {

constexpr RequestNames kNames{"messages", "", "tools"};
/// Before there were tools.
constexpr RequestNames kLegacyNames{"messages", "", "functions"};

constexpr std::array<std::string_view, 1> kDialects{"openai"};

RequestForm request_form() {
  RequestForm form;
  form.dialects = kDialects;
  form.call_bytes_max = 64;
  form.developers = true;
  form.media = chat_media;
  return form;
}

class ChatRequests final : public RequestDialect {
 public:
  [[nodiscard]] std::string_view name() const override { return "openai.chat"; }

  [[nodiscard]] core::Result<CallRequest> split(Json body) const override {
    const Json* tools = body.find("tools");
    const Json* functions = body.find("functions");
    const bool legacy =
        (tools == nullptr || !tools->is_array()) && functions != nullptr && functions->is_array();
    auto request = split_members(std::move(body), legacy ? kLegacyNames : kNames);
    if (!request) return request;
    read_identity(*request);
    if (legacy) put_form(*request, Json::Object{{"tools", kLegacyNames.tools}});
    return request;
  }
  [[nodiscard]] Json join(CallRequest request) const override {
    const Json form = take_form(request);
    const auto& names = form.find("tools") == nullptr ? kNames : kLegacyNames;
    return join_members(std::move(request), names, form);
  }

  [[nodiscard]] core::Result<std::vector<RequestTurn>> read(const Json::Array& messages,
                                                            const RequestIds& ids) const override {
    MessageReader reader;
    OwnMarks marks(form_);
    std::vector<RequestTurn> turns;
    turns.reserve(messages.size());
    for (std::size_t i = 0; i < messages.size(); ++i) {
      auto steps =
          reader.read(messages[i], {ids.message_id(i), ids.call_id(i)}, join_path("messages", i));
      if (!steps) return std::move(steps.error());
      marks.mark(*steps);
      turns.push_back({i, *std::move(steps)});
    }
    return turns;
  }
  [[nodiscard]] Json::Array write(std::span<const SessionEvent> window) const override {
    const auto made = nearest(window, form_);
    return write_messages(made ? std::span<const SessionEvent>(*made) : window);
  }

 private:
  const RequestForm form_ = request_form();
};

}  // namespace

const RequestDialect& chat_requests() {
  static const ChatRequests dialect;
  return dialect;
}

}  // namespace hansard::events::openai
