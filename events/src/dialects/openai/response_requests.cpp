#include <map>

#include "dialects/request_members.h"
#include "events/dialects/openai/requests.h"
#include "events/dialects/openai/responses.h"

namespace hansard::events::openai {
namespace {

constexpr RequestNames kNames{"input", "instructions", "tools"};
/// In `parameters`: the input was a text.
constexpr std::string_view kTextInput = "hansard.input_text";

/// Reads items; a run of an assistant's items is one turn.
class Reading {
 public:
  explicit Reading(const RequestIds& ids) : ids_(ids) {}

  core::Status take(const Json& item, std::size_t place) {
    const std::string path = join_path("input", place);
    const ItemKind kind = item_kind(item);
    if (kind == ItemKind::answer) {
      if (!reader_.answering()) answer_at_ = place;
      return reader_.add(item, {ids_.message_id(answer_at_), ids_.call_id(answer_at_)}, path);
    }
    end_answer();
    RequestTurn turn{place, {}};
    if (kind == ItemKind::result) {
      auto result = reader_.read_result(item, ids_.message_id(place), path);
      if (!result) return result.error();
      turn.steps.emplace_back(*std::move(result));
    } else {
      auto message = ItemReader::read_message(item, ids_.message_id(place), path);
      if (!message) return message.error();
      turn.steps.emplace_back(*std::move(message));
    }
    turns_.push_back(std::move(turn));
    return core::Ok{};
  }
  std::vector<RequestTurn> end() {
    end_answer();
    return std::move(turns_);
  }

 private:
  void end_answer() {
    if (reader_.answering()) turns_.push_back({answer_at_, reader_.end_answer()});
  }

  const RequestIds& ids_;
  ItemReader reader_;
  std::size_t answer_at_ = 0;
  std::vector<RequestTurn> turns_;
};

class ResponseRequests final : public RequestDialect {
 public:
  [[nodiscard]] std::string_view name() const override { return "openai.responses"; }

  [[nodiscard]] core::Result<CallRequest> split(Json body) const override {
    bool text_input = false;
    if (Json* input = body.find("input"); input != nullptr && input->is_string()) {
      text_input = true;
      Json message = Json::Object{{"role", "user"}, {"content", std::move(*input)}};
      *input = Json::Array{std::move(message)};
    }
    auto request = split_members(std::move(body), kNames);
    if (!request) return request;
    Json& rest = request->parameters;
    request->user = text_member(rest, "user");
    if (!request->user) request->user = text_member(rest, "safety_identifier");
    request->tags = text_members(rest.find("metadata"));
    request->previous_answer = text_member(rest, "previous_response_id");
    request->conversation = text_member(rest, "conversation");
    if (const Json* conversation = rest.find("conversation"); conversation != nullptr) {
      if (auto id = text_member(*conversation, "id")) request->conversation = std::move(id);
    }
    if (text_input) rest.add(std::string(kTextInput), true);
    return request;
  }
  [[nodiscard]] Json join(CallRequest request) const override {
    const bool text_input = request.parameters.find(kTextInput) != nullptr;
    if (text_input) {
      std::erase_if(*request.parameters.if_object(),
                    [](const Json::Member& member) { return member.key == kTextInput; });
    }
    Json body = join_members(std::move(request), kNames);
    if (!text_input) return body;
    Json* input = body.find("input");
    const auto* messages = input->if_array();
    const Json* content =
        messages == nullptr || messages->size() != 1 ? nullptr : messages->front().find("content");
    if (content != nullptr) *input = Json(*content);
    return body;
  }

  [[nodiscard]] core::Result<std::vector<RequestTurn>> read(const Json::Array& messages,
                                                            const RequestIds& ids) const override {
    Reading reading(ids);
    for (std::size_t i = 0; i < messages.size(); ++i) {
      if (auto status = reading.take(messages[i], i); !status) return status.error();
    }
    return reading.end();
  }

  [[nodiscard]] Json::Array write(std::span<const SessionEvent> window) const override {
    std::map<std::string_view, std::vector<ToolCalled>> calls;
    for (const SessionEvent& event : window) {
      if (const auto* call = std::get_if<ToolCalled>(&event)) {
        calls[call->message_id].push_back(*call);
      }
    }
    Json::Array items;
    for (const SessionEvent& event : window) {
      if (const auto* sent = std::get_if<MessageSent>(&event)) {
        items.push_back(write_item(*sent));
      } else if (const auto* answer = std::get_if<ResponseReceived>(&event)) {
        for (Json& item : write_items(*answer, calls[answer->message_id])) {
          items.push_back(std::move(item));
        }
      } else if (const auto* done = std::get_if<ToolCompleted>(&event)) {
        items.push_back(write_item(*done));
      } else if (const auto* failed = std::get_if<ToolFailed>(&event)) {
        ToolCompleted told;  // this API has no word for failure
        told.tool_call_id = failed->tool_call_id;
        told.output = failed->error;
        items.push_back(write_item(told));
      }
    }
    return items;
  }
};

}  // namespace

const RequestDialect& response_requests() {
  static const ResponseRequests dialect;
  return dialect;
}

}  // namespace hansard::events::openai
