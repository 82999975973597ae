#include <array>
#include <map>
#include <utility>

#include "dialects/original.h"
#include "dialects/request_members.h"
#include "dialects/request_nearest.h"
#include "events/dialects/openai/requests.h"
#include "events/dialects/openai/responses.h"
#include "item_form.h"
#include "request_media.h"

namespace hansard::events::openai {
namespace {

// A prompt that the provider keeps needs no input.
constexpr RequestNames kNames{"input", "instructions", "tools", false, true};

constexpr std::array<std::string_view, 1> kDialects{kResponsesDialect};

RequestForm request_form() {
  RequestForm form;
  form.dialects = kDialects;
  form.call_bytes_max = 64;
  form.developers = true;
  form.media = item_media;
  form.result_media = output_media;
  form.result_text = "input_text";
  return form;
}

/// What items are that no message, answer or result is called like.
ItemKind kind_of(const Json& item) {
  const ItemKind kind = item_kind(item);
  if (kind != ItemKind::unknown) return kind;
  const auto type = item_type(item);
  if (type.ends_with("_output")) {
    const bool served = text_of(item.find("execution"), "") == "server";
    return text_member(item, "call_id") && !served ? ItemKind::result : ItemKind::answer;
  }
  // What a provider made, or has kept, of an answer.
  const bool answered = type == "compaction" || type == "item_reference";
  return answered ? ItemKind::answer : ItemKind::unknown;
}

/// An item that only this API knows is said as it stands.
core::Result<SendMessage> read_other(const Json& item, std::string message_id,
                                     std::string_view path) {
  if (!item.is_object()) {
    return bad_field(path, "expected an object, found " + std::string(describe(item.kind())));
  }
  if (item_type(item).empty()) {
    return bad_field(join_path(path, "type"), "expected a string that is not empty");
  }
  // Neither a role that the API has, nor content: said so.
  if (item_type(item) == "message") return ItemReader::read_message(item, message_id, path);
  SendMessage sent;
  sent.message_id = std::move(message_id);
  const auto role = from_word<Role>(text_of(item.find("role"), ""));
  sent.role = role.value_or(Role::user);
  sent.parts.push_back(verbatim_part(item));
  sent.extra = Json(Json::Object{{"dialect", kResponsesDialect}, {"item", true}});
  if (!same_tree(write_verbatim(sent.parts.front()), item)) sent.extra->add("raw", item);
  return sent;
}

/// Reads items; a run of an assistant's items is one answer.
class Reading {
 public:
  explicit Reading(const RequestIds& ids) : ids_(ids) {}

  core::Status take(const Json& item, std::size_t place) {
    const std::string path = join_path("input", place);
    const ItemKind kind = kind_of(item);
    if (kind == ItemKind::answer) {
      if (!reader_.answering()) answer_at_ = place;
      if (auto status =
              reader_.add(item, {ids_.message_id(answer_at_), ids_.call_id(answer_at_)}, path);
          !status) {
        return status;
      }
      turns_.push_back({place, {}});
      return core::Ok{};
    }
    end_answer();
    turns_.push_back({place, {}});
    if (kind == ItemKind::result) {
      auto result = reader_.read_result(item, ids_.message_id(place), path);
      if (!result) return std::move(result.error());
      turns_.back().steps.emplace_back(*std::move(result));
      return core::Ok{};
    }
    auto message = kind == ItemKind::message
                       ? ItemReader::read_message(item, ids_.message_id(place), path)
                       : read_other(item, ids_.message_id(place), path);
    if (!message) return std::move(message.error());
    turns_.back().steps.emplace_back(*std::move(message));
    return core::Ok{};
  }
  std::vector<RequestTurn> end() {
    end_answer();
    return std::move(turns_);
  }

 private:
  void end_answer() {
    if (reader_.answering()) turns_[answer_at_].steps = reader_.end_answer();
  }

  const RequestIds& ids_;
  ItemReader reader_;
  std::size_t answer_at_ = 0;
  std::vector<RequestTurn> turns_;
};

Json write_sent(const MessageSent& sent) {
  const Json* extra = extra_for(kResponsesDialect, sent.extra);
  const bool item = member(extra, "item") != nullptr && member(extra, "raw") == nullptr;
  return item && sent.parts.size() == 1 ? write_verbatim(sent.parts.front()) : write_item(sent);
}

/// The items of an answer; of one that had to be kept whole, those of its body.
Json::Array write_answer(const ResponseReceived& answer, std::span<const ToolCalled> calls) {
  const Json* raw = member(extra_for(kResponsesDialect, answer.extra), "raw");
  const Json* output = raw != nullptr && raw->is_object() ? raw->find("output") : nullptr;
  if (output != nullptr && output->is_array()) return *output->if_array();
  return write_items(answer, calls);
}

Json write_failed(const ToolFailed& failed) {
  ToolCompleted told;  // the API has no word for failure
  told.tool_call_id = failed.tool_call_id;
  told.output = failed.error;
  told.extra = failed.extra;
  return write_item(told);
}

Json::Array write_all(std::span<const SessionEvent> window) {
  std::map<std::string_view, std::vector<ToolCalled>> calls;
  for (const SessionEvent& event : window) {
    if (const auto* call = std::get_if<ToolCalled>(&event)) {
      calls[call->message_id].push_back(*call);
    }
  }
  Json::Array items;
  for (const SessionEvent& event : window) {
    if (const auto* sent = std::get_if<MessageSent>(&event)) {
      items.push_back(write_sent(*sent));
    } else if (const auto* answer = std::get_if<ResponseReceived>(&event)) {
      for (Json& item : write_answer(*answer, calls[answer->message_id])) {
        items.push_back(std::move(item));
      }
    } else if (const auto* done = std::get_if<ToolCompleted>(&event)) {
      items.push_back(write_item(*done));
    } else if (const auto* failed = std::get_if<ToolFailed>(&event)) {
      items.push_back(write_failed(*failed));
    }
  }
  return items;
}

class ResponseRequests final : public RequestDialect {
 public:
  [[nodiscard]] std::string_view name() const override { return "openai.responses"; }

  [[nodiscard]] core::Result<CallRequest> split(Json body) const override {
    const bool text = text_to_message(body, kNames.messages);
    auto request = split_members(std::move(body), kNames);
    if (!request) return request;
    read_identity(*request);
    const Json& rest = request->parameters;
    request->previous_answer = text_member(rest, "previous_response_id");
    request->conversation = text_member(rest, "conversation");
    if (const Json* conversation = rest.find("conversation"); conversation != nullptr) {
      if (auto id = text_member(*conversation, "id")) request->conversation = std::move(id);
    }
    if (text) put_form(*request, Json::Object{{"text", true}});
    return request;
  }
  [[nodiscard]] Json join(CallRequest request) const override {
    const Json form = take_form(request);
    Json body = join_members(std::move(request), kNames, form);
    if (form.find("text") != nullptr) message_to_text(body, kNames.messages);
    return body;
  }

  [[nodiscard]] core::Result<std::vector<RequestTurn>> read(const Json::Array& messages,
                                                            const RequestIds& ids) const override {
    Reading reading(ids);
    for (std::size_t i = 0; i < messages.size(); ++i) {
      if (auto status = reading.take(messages[i], i); !status) return std::move(status.error());
    }
    return reading.end();
  }

  [[nodiscard]] Json::Array write(std::span<const SessionEvent> window) const override {
    const auto made = nearest(window, form_);
    return write_all(made ? std::span<const SessionEvent>(*made) : window);
  }

 private:
  const RequestForm form_ = request_form();
};

}  // namespace

const RequestDialect& response_requests() {
  static const ResponseRequests dialect;
  return dialect;
}

}  // namespace hansard::events::openai
