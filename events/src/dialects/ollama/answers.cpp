#include "events/dialects/ollama/answers.h"

#include <algorithm>
#include <array>
#include <utility>

#include "answers_message.h"
#include "dialects/answered.h"
#include "dialects/original.h"
#include "stream.h"

namespace hansard::events::ollama {
namespace {

/// Numbers that are kept for ever, all of the whole call; durations in nanoseconds.
constexpr std::array<std::string_view, 6> kCounters{"total_duration",    "load_duration",
                                                    "prompt_eval_count", "prompt_eval_duration",
                                                    "eval_count",        "eval_duration"};

bool counts(const Json::Member& each) {
  return each.value.is_number() &&
         std::find(kCounters.begin(), kCounters.end(), each.key) != kCounters.end();
}

/// The tokens of a conversation as numbers.
bool is_context(const Json::Member& each) { return each.key == "context" && each.value.is_array(); }

/// Texts of the kinds that say something, joined.
std::string text_of_kind(const Parts& parts, bool thinking) {
  std::string text;
  for (const Part& part : parts) {
    if ((part.kind() == "thinking") == thinking) text.append(part.text().value_or(""));
  }
  return text;
}

/// Adds what the answer says under the names of the API.
void add_said(const Form& form, const FirstAnswer& from, Json& to) {
  const std::string thinking = text_of_kind(from.answer->parts, true);
  to.add(std::string(form.text_key()), text_of_kind(from.answer->parts, false));
  if (!thinking.empty()) to.add("thinking", thinking);
  Json::Array calls = write_calls(*from.answer, from.calls);
  if (!calls.empty()) to.add("tool_calls", std::move(calls));
}

Json write_own(const Form& form, const FirstAnswer& from, const Json& extra) {
  if (const Json* raw = extra.find("raw")) return *raw;
  const ResponseReceived& answer = *from.answer;
  Json body(Json::Object{});
  if (answer.model) body.add("model", *answer.model);
  if (form.chat) {
    Json message(Json::Object{{"role", "assistant"}});
    add_said(form, from, message);
    add_members(extra.find("message"), message);
    body.add("message", std::move(message));
  } else {
    add_said(form, from, body);
  }
  if (answer.finish_reason_raw) body.add("done_reason", *answer.finish_reason_raw);
  if (answer.raw_usage) add_members(&*answer.raw_usage, body);
  add_fields(&extra, body);
  return body;
}

/// An answer that was recorded in another format. Clients read `created_at`; no time is known here.
Json write_foreign(const Form& form, const FirstAnswer& from) {
  const ResponseReceived& answer = *from.answer;
  Json body;
  body.add("model", answer.model.value_or("")).add("created_at", "1970-01-01T00:00:00Z");
  if (form.chat) {
    Json message(Json::Object{{"role", "assistant"}});
    add_said(form, from, message);
    body.add("message", std::move(message));
  } else {
    add_said(form, from, body);
  }
  const bool length = answer.finish_reason == FinishReason::length;
  body.add("done", true).add("done_reason", length ? "length" : "stop");
  if (answer.usage && answer.usage_source != UsageSource::estimated) {
    const TokenSums tokens = sums(*answer.usage);
    body.add("prompt_eval_count", tokens.input).add("eval_count", tokens.output);
  }
  return body;
}

class Answers final : public AnswerDialect {
 public:
  explicit Answers(const Form& form) : form_(form) {}

  [[nodiscard]] core::Result<std::vector<SessionStep>> read(const Json& body,
                                                            const AnswerIds& ids) const override {
    if (!body.is_object()) {
      return bad_field("", "expected an object, found " + std::string(describe(body.kind())));
    }
    const Json* said = said_in(body);
    if (said == nullptr) {
      return form_.chat ? bad_field("message", "expected an object")
                        : bad_field("response", "expected a string");
    }
    if (form_.chat && text_of(said->find("role"), "assistant") != "assistant") {
      return bad_field("message.role", "expected assistant");
    }
    RecordResponse answer;
    answer.call_id = ids.call_id;
    answer.message_id = ids.message_id(0);
    std::vector<SessionStep> steps;
    std::vector<CallTool> calls;
    if (auto status = read_said(*said, answer, calls); !status) return std::move(status.error());
    read_rest(body, *said, answer);
    read_end(body, !calls.empty(), answer);
    steps.emplace_back(std::move(answer));
    for (CallTool& call : calls) steps.emplace_back(std::move(call));
    keep_whole_if_needed(body, steps);
    return steps;
  }

  [[nodiscard]] Json write(std::span<const SessionEvent> answer) const override {
    const FirstAnswer from = first_answer(answer);
    if (from.answer == nullptr) return {};
    const Json* extra = extra_for(form_.dialect, from.answer->extra);
    return extra != nullptr ? write_own(form_, from, *extra) : write_foreign(form_, from);
  }

  [[nodiscard]] std::unique_ptr<StreamedAnswer> stream() const override {
    return make_stream(form_);
  }

  [[nodiscard]] std::vector<TimedFrame> write_stream(const Json& body,
                                                     const Json& track) const override {
    return ollama::write_stream(form_, body, track);
  }

 private:
  [[nodiscard]] const Json* said_in(const Json& body) const {
    const Json* said = form_.said(body);
    if (said == nullptr || form_.chat) return said;
    const Json* text = body.find(form_.text_key());
    return text != nullptr && text->is_string() ? said : nullptr;
  }

  core::Status read_said(const Json& said, RecordResponse& answer,
                         std::vector<CallTool>& calls) const {
    const std::string_view thinking = text_of(said.find("thinking"), "");
    if (!thinking.empty()) answer.parts.push_back(Part::make_thinking(std::string(thinking)));
    const std::string_view text = text_of(said.find(form_.text_key()), "");
    if (!text.empty()) answer.parts.push_back(Part::make_text(std::string(text)));
    const Json* list = said.find("tool_calls");
    if (list == nullptr || !list->is_array()) return core::Ok{};
    const char* path = form_.chat ? "message.tool_calls" : "tool_calls";
    auto read = read_calls(*list->if_array(), answer.message_id, path);
    if (!read) return std::move(read.error());
    for (ReadCall& call : *read) {
      answer.parts.push_back(std::move(call.part));
      calls.push_back(std::move(call.step));
    }
    return core::Ok{};
  }

  /// Of what is said, the members that are parts.
  [[nodiscard]] bool is_part(const Json::Member& each) const {
    if (each.key == form_.text_key()) return each.value.is_string();
    if (each.key == "thinking") return !text_of(&each.value, "").empty();
    const Json::Array* list = each.key == "tool_calls" ? each.value.if_array() : nullptr;
    return list != nullptr && !list->empty();
  }

  void read_rest(const Json& body, const Json& said, RecordResponse& answer) const {
    Json::Object fields;
    Json::Object counters;
    std::size_t dropped = 0;
    for (const auto& each : *body.if_object()) {
      const bool text = each.value.is_string() && !each.value.if_string()->empty();
      if (form_.chat ? each.key == "message" : is_part(each)) continue;
      if (each.key == "model" && text) {
        answer.model = *each.value.if_string();
      } else if (each.key == "done_reason" && text) {
        answer.finish_reason_raw = *each.value.if_string();
      } else if (counts(each)) {
        counters.push_back(each);
      } else if (is_context(each)) {
        dropped += each.value.if_array()->size();
      } else {
        fields.push_back(each);
      }
    }
    Json::Object message;
    if (form_.chat) {
      for (const auto& each : *said.if_object()) {
        if (each.key != "role" && !is_part(each)) message.push_back(each);
      }
    }
    if (!counters.empty()) answer.raw_usage = Json(std::move(counters));
    answer.extra = Json(Json::Object{{"dialect", form_.dialect}});
    if (!message.empty()) answer.extra->add("message", std::move(message));
    if (!fields.empty()) answer.extra->add("fields", std::move(fields));
    if (dropped > 0) answer.extra->add("dropped", Json(Json::Object{{"context", dropped}}));
  }

  static void read_end(const Json& body, bool calls, RecordResponse& answer) {
    if (answer.finish_reason_raw) {
      const std::string& word = *answer.finish_reason_raw;
      answer.finish_reason = word == "length" ? FinishReason::length
                             : word != "stop" ? FinishReason::unknown
                             : calls          ? FinishReason::tool_call
                                              : FinishReason::stop;
    }
    // A prompt that was cached whole is not counted by older servers: unknown, not 0.
    Usage usage;
    usage.input_text = count_at(&body, "prompt_eval_count");
    usage.output_text = count_at(&body, "eval_count");
    if (!usage.input_text && !usage.output_text) return;
    answer.usage = usage;
    answer.usage_source = UsageSource::provider;
  }

  void keep_whole_if_needed(const Json& body, std::vector<SessionStep>& steps) const {
    Json kept(Json::Object{});
    for (const auto& each : *body.if_object()) {
      if (!is_context(each)) kept.add(each.key, each.value);
    }
    if (same_tree(write(as_events(steps)), kept)) return;
    auto& answer = std::get<RecordResponse>(steps.front());
    Json extra;
    extra.add("dialect", form_.dialect).add("raw", std::move(kept));
    if (const Json* dropped = answer.extra->find("dropped")) extra.add("dropped", *dropped);
    answer.extra = std::move(extra);
  }

  const Form& form_;
};

}  // namespace

const AnswerDialect& chat_answers() {
  static const Answers kAnswers(kChat);
  return kAnswers;
}

const AnswerDialect& generate_answers() {
  static const Answers kAnswers(kGenerate);
  return kAnswers;
}

ProviderError read_error(int status, const Json& body) {
  ProviderError error;
  const Json* said = body.find("error");
  error.error = said == nullptr ? body : *said;
  // Its errors are sentences; proxies in front of it give more.
  error.type = error_identifier(member(said, "type"));
  if (!error.type) error.type = error_identifier(member(said, "code"));
  error.retryable = retryable_status(status);
  return error;
}

}  // namespace hansard::events::ollama
