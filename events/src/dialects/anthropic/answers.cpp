#include "events/dialects/anthropic/answers.h"

#include <algorithm>
#include <utility>

#include "blocks.h"
#include "dialects/original.h"
#include "events/dialects/anthropic/messages.h"
#include "stream.h"

namespace hansard::events::anthropic {
namespace {

constexpr std::string_view kDialect = "anthropic";

std::string_view stop_reason_of(std::optional<FinishReason> reason) {
  switch (reason.value_or(FinishReason::stop)) {
    case FinishReason::length:
      return "max_tokens";
    case FinishReason::tool_call:
      return "tool_use";
    case FinishReason::content_filter:
      return "refusal";
    case FinishReason::pause:
      return "pause_turn";
    default:
      return "end_turn";
  }
}

/// Counters in their terms. What no answer counted goes out as 0: the format requires both.
Json usage_from(const Usage& usage) {
  const auto sum = [](std::initializer_list<std::optional<std::uint64_t>> counts) {
    std::uint64_t all = 0;
    for (const auto& each : counts) all += each.value_or(0);
    return all;
  };
  Json made;
  made.add("input_tokens",
           sum({usage.input_text, usage.input_audio, usage.input_image, usage.input_video}));
  const std::uint64_t written =
      sum({usage.input_cache_write_5m, usage.input_cache_write_1h, usage.input_cache_write_other});
  made.add("cache_creation_input_tokens", written);
  made.add("cache_read_input_tokens", usage.input_cache_read.value_or(0));
  made.add("output_tokens", sum({usage.output_text, usage.output_reasoning, usage.output_audio,
                                 usage.output_image}));
  return made;
}

/// The nearest blocks of the format for parts that it has no blocks for.
Parts nearest(const Parts& parts) {
  Parts made;
  for (const Part& part : parts) {
    if (part.kind() == "refusal") {
      made.push_back(Part::make_text(std::string(part.text().value_or(""))));
    } else {
      made.push_back(part);
      const bool unsigned_thought =
          part.kind() == "thinking" && part.json.find("signature") == nullptr;
      if (unsigned_thought) made.back().json.add("signature", "");
    }
  }
  return made;
}

/// An answer that was recorded in another format.
Json write_foreign(ResponseReceived answer, std::span<const ToolCalled> calls) {
  answer.parts = nearest(answer.parts);
  answer.extra.reset();
  Json body;
  body.add("id", answer.message_id).add("type", "message");
  body.add("model", answer.model.value_or(""));
  add_members(&static_cast<const Json&>(write_message(answer, calls)), body);
  body.add("stop_reason", stop_reason_of(answer.finish_reason)).add("stop_sequence", nullptr);
  body.add("usage", usage_from(answer.usage.value_or(Usage{})));
  return body;
}

class Answers final : public AnswerDialect {
 public:
  [[nodiscard]] core::Result<std::vector<SessionStep>> read(const Json& body,
                                                            const AnswerIds& ids) const override {
    if (!body.is_object()) {
      return bad_field("", "expected an object, found " + std::string(describe(body.kind())));
    }
    if (text_of(body.find("type"), "message") != "message") {
      return bad_field("type", "expected message");
    }
    if (text_of(body.find("role"), "") != "assistant") {
      return bad_field("role", "expected assistant");
    }
    auto steps = read_message(body, MessageIds{ids.message_id(0), ids.call_id}, "");
    if (!steps) return steps;
    auto& answer = std::get<RecordResponse>(steps->front());
    if (!answer.extra) answer.extra = Json(Json::Object{{"dialect", kDialect}});
    if (answer.usage) answer.usage_source = UsageSource::provider;
    return steps;
  }

  [[nodiscard]] Json write(std::span<const SessionEvent> answer) const override {
    const ResponseReceived* first = nullptr;
    std::vector<ToolCalled> calls;
    for (const SessionEvent& each : answer) {
      const auto* response = std::get_if<ResponseReceived>(&each);
      if (response != nullptr && first == nullptr) first = response;
      const auto* call = std::get_if<ToolCalled>(&each);
      // The format has one choice.
      if (call != nullptr && first != nullptr && call->message_id == first->message_id) {
        calls.push_back(*call);
      }
    }
    if (first == nullptr) return {};
    const bool ours = extra_for(kDialect, first->extra) != nullptr;
    return ours ? write_message(*first, calls) : write_foreign(*first, calls);
  }

  [[nodiscard]] std::unique_ptr<StreamedAnswer> stream() const override { return make_stream(); }

  [[nodiscard]] std::vector<TimedFrame> write_stream(const Json& body,
                                                     const Json& track) const override {
    return anthropic::write_stream(body, track);
  }
};

}  // namespace

const AnswerDialect& answers() {
  static const Answers kAnswers;
  return kAnswers;
}

ProviderError read_error(int status, const Json& body) {
  ProviderError error;
  const Json* said = body.find("error");
  error.error = said == nullptr ? body : *said;
  error.type = error_identifier(member(said, "type"));
  // Inside a stream the type stands for the status that could no longer be sent.
  static constexpr std::string_view kPassing[] = {"overloaded_error", "api_error", "timeout_error",
                                                  "rate_limit_error"};
  const bool passing = error.type && std::find(std::begin(kPassing), std::end(kPassing),
                                               *error.type) != std::end(kPassing);
  error.retryable = retryable_status(status) || (status == 200 && passing);
  return error;
}

}  // namespace hansard::events::anthropic
