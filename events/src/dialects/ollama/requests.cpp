#include "events/dialects/ollama/requests.h"

#include <array>
#include <utility>

#include "dialects/request_members.h"
#include "dialects/request_nearest.h"
#include "dialects/request_prompts.h"
#include "request_messages.h"

namespace hansard::events::ollama {
namespace {

// Without messages a model is loaded and nothing said.
constexpr RequestNames kChatNames{"messages", "", "tools", true, true};
constexpr RequestNames kGenerateNames{"prompt", "system", "", true, true};
constexpr std::array<std::string_view, 1> kDialects{kChatDialect};

RequestForm request_form() {
  RequestForm form;
  form.dialects = kDialects;
  form.object_arguments = true;
  form.media = image_data;
  return form;
}

class ChatRequests final : public RequestDialect {
 public:
  [[nodiscard]] std::string_view name() const override { return kChatDialect; }
  [[nodiscard]] core::Result<CallRequest> split(Json body) const override {
    return split_members(std::move(body), kChatNames);
  }
  [[nodiscard]] Json join(CallRequest request) const override {
    const Json form = take_form(request);
    return join_members(std::move(request), kChatNames, form);
  }
  [[nodiscard]] core::Result<std::vector<RequestTurn>> read(const Json::Array& messages,
                                                            const RequestIds& ids) const override {
    MessageReader reader;
    OwnMarks marks(form_);
    std::vector<RequestTurn> turns;
    turns.reserve(messages.size());
    for (std::size_t i = 0; i < messages.size(); ++i) {
      auto steps = reader.read(messages[i], i, ids);
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

const RequestDialect& generate_requests() {
  static const PromptRequests dialect(
      PromptForm{"ollama.generate", CallKind::completion, kGenerateNames, "", true, true});
  return dialect;
}

const RequestDialect& embed_requests() {
  static const PromptRequests dialect(
      PromptForm{"ollama.embed", CallKind::embedding, {"input", "", ""}, "prompt", false, false});
  return dialect;
}

}  // namespace hansard::events::ollama
