#include "formats/batch.h"

#include <utility>
#include <variant>

#include "formats/json_reader.h"
#include "formats/steps.h"

namespace hansard::importers {

events::Usage chat_usage(const events::Json& usage) {
  events::Usage out;
  const auto detail = [&](std::string_view of, std::string_view key) {
    const events::Json* details = present(usage, of);
    return details == nullptr ? std::nullopt : count_at(*details, key);
  };
  out.input_text = count_at(usage, "prompt_tokens");
  out.output_text = count_at(usage, "completion_tokens");
  out.input_cache_read = detail("prompt_tokens_details", "cached_tokens");
  out.input_cache_write_other = detail("prompt_tokens_details", "cache_write_tokens");
  out.input_audio = detail("prompt_tokens_details", "audio_tokens");
  out.output_reasoning = detail("completion_tokens_details", "reasoning_tokens");
  out.output_audio = detail("completion_tokens_details", "audio_tokens");
  const auto take = [](std::optional<std::uint64_t>& whole, std::optional<std::uint64_t> part) {
    if (whole && part) *whole = *part < *whole ? *whole - *part : 0;
  };
  take(out.input_text, out.input_cache_read);
  take(out.input_text, out.input_cache_write_other);
  take(out.input_text, out.input_audio);
  take(out.output_text, out.output_reasoning);
  take(out.output_text, out.output_audio);
  return out;
}

namespace {

using core::Ok;
using core::Status;
using events::Json;

constexpr std::uint64_t kFirstFailure = 300;

class BatchReader final : public JsonReader {
 public:
  using JsonReader::JsonReader;

 private:
  Status read(const JsonRecord& record) override {
    const auto id = id_at(record.json, "custom_id");
    if (!id) return events::bad_field("custom_id", "a request or result needs a custom_id");
    const Json* body = present(record.json, "body");
    const bool result =
        present(record.json, "response") != nullptr || present(record.json, "error") != nullptr;
    if (body == nullptr && !result) {
      return events::bad_field("body", "neither a request (body) nor a result (response, error)");
    }
    PieceBuilder out(record.line, {*id, {}, {}});
    if (body != nullptr) {
      request(record.json, *body, *id, out);
    } else {
      answer(record.json, *id, out);
    }
    tell(out.take());
    return Ok{};
  }

  static void request(const Json& record, const Json& body, const std::string& call_id,
                      PieceBuilder& out) {
    const Json* messages = body.find("messages");
    const auto prompt = text_at(body, "prompt");
    if (messages != nullptr && messages->is_array()) {
      const Json::Array& list = *messages->if_array();
      for (std::size_t i = 0; i < list.size(); ++i) {
        out.message(list[i], "m" + std::to_string(i), events::join_path("body.messages", i));
      }
    } else if (prompt) {
      Json message;
      message.add("role", "user").add("content", *prompt);
      out.message(message, "m0", "body.prompt");
    } else {
      out.attach("request", "batch.request", "body",
                 "a request to another interface than chat or completions", record);
      return;
    }
    events::RequestResponse asked;
    asked.call_id = call_id;
    asked.kind = prompt ? events::CallKind::completion : events::CallKind::chat;
    asked.model = text_at(body, "model");
    if (const Json* tools = present(body, "tools"); tools != nullptr && tools->is_array()) {
      asked.tools = *tools;
    }
    Json::Object parameters = without(body, {"messages", "prompt", "model", "tools"});
    if (!parameters.empty()) asked.parameters = Json(std::move(parameters));
    asked.metadata = Json(without(record, {"custom_id", "body"}));
    out.step(std::move(asked));
  }

  static void answer(const Json& record, const std::string& call_id, PieceBuilder& out) {
    static const Json kNone;
    const Json* response = present(record, "response");
    const Json* body = response == nullptr ? nullptr : present(*response, "body");
    const auto status = response == nullptr ? std::nullopt : count_at(*response, "status_code");
    const Json* error = present(record, "error");
    if (error != nullptr || (status && *status >= kFirstFailure)) {
      events::FailResponse failed;
      failed.call_id = call_id;
      failed.status = status;
      if (error == nullptr && body != nullptr) error = present(*body, "error");
      if (error == nullptr) error = body;
      if (error != nullptr) {
        failed.error = *error;
        failed.error_type = id_at(*error, "code");
      }
      failed.metadata = beside(record, response, kNone);
      out.step(std::move(failed));
      return;
    }
    const Json* choices = body == nullptr ? nullptr : body->find("choices");
    if (choices == nullptr || !choices->is_array() || choices->if_array()->empty()) {
      out.attach("result", "batch.result", "response.body",
                 "a result of another interface than chat or completions", record);
      return;
    }
    for (std::size_t i = 0; i < choices->if_array()->size(); ++i) {
      choice(record, *response, *body, i, call_id, out);
    }
  }

  static void choice(const Json& record, const Json& response, const Json& body, std::size_t index,
                     const std::string& call_id, PieceBuilder& out) {
    const Json& said = (*body.find("choices")->if_array())[index];
    Json message;
    if (const Json* given = present(said, "message")) {
      message = *given;
    } else {
      const Json* text = said.find("text");
      message.add("role", "assistant").add("content", text == nullptr ? Json() : *text);
    }
    const std::string id = "answer" + (index == 0 ? "" : std::to_string(index));
    const std::string path = events::join_path("response.body.choices", index);
    for (auto& step : out.message(message, id, path, time_of(body.find("created")))) {
      auto* answered = std::get_if<events::RecordResponse>(&step.step);
      if (answered == nullptr) continue;
      answered->call_id = call_id;
      answered->choice = static_cast<std::uint32_t>(index);
      answered->model = text_at(body, "model");
      if (const auto word = text_at(said, "finish_reason")) {
        answered->finish_reason = finish_reason_of(*word);
        answered->finish_reason_raw = word;
      }
      if (index > 0) continue;
      answered->metadata = beside(record, &response, body);
      if (const Json* usage = present(body, "usage"); usage != nullptr && usage->is_object()) {
        answered->usage = chat_usage(*usage);
        answered->raw_usage = *usage;
        answered->usage_source = events::UsageSource::imported;
      }
    }
  }

  /// What a result says that its event has no field for.
  static Json beside(const Json& record, const Json* response, const Json& body) {
    Json out = Json::Object{};
    for (Json::Member& member : without(record, {"custom_id", "response", "error"})) {
      out.add(member.key, std::move(member.value));
    }
    if (response != nullptr) {
      Json::Object rest = without(*response, {"status_code", "body"});
      if (!rest.empty()) out.add("response", Json(std::move(rest)));
    }
    Json::Object rest = without(body, {"choices", "usage", "model", "created"});
    if (!rest.empty()) out.add("body", Json(std::move(rest)));
    return out;
  }
};

}  // namespace

std::unique_ptr<Reader> batch_reader(ReaderEvents events) {
  return std::make_unique<BatchReader>(std::move(events));
}

bool is_batch(const Json& record) {
  return record.find("custom_id") != nullptr &&
         (record.find("body") != nullptr || record.find("response") != nullptr);
}

}  // namespace hansard::importers
