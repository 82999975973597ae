#include "events/dialects/openai/response_answers.h"

#include <algorithm>
#include <utility>

#include "dialects/answered.h"
#include "dialects/frames.h"
#include "dialects/original.h"
#include "events/dialects/openai/responses.h"
#include "item_form.h"
#include "response_stream.h"
#include "tier.h"

namespace hansard::events::openai {
namespace {

std::optional<std::uint64_t> count(const Json* object, std::string_view key) {
  const Json* value = member(object, key);
  if (value == nullptr || !value->is_number()) return std::nullopt;
  const auto read = value->as_uint(key);
  return read ? std::optional<std::uint64_t>(*read) : std::nullopt;
}

Usage usage_of(const Json& usage) {
  TokenCounts counts;
  counts.input = count(&usage, "input_tokens");
  counts.output = count(&usage, "output_tokens");
  counts.total = count(&usage, "total_tokens");
  const Json* input = usage.find("input_tokens_details");
  counts.cached = count(input, "cached_tokens");
  counts.cache_write = count(input, "cache_write_tokens");
  counts.reasoning = count(usage.find("output_tokens_details"), "reasoning_tokens");
  return disjoint_usage(counts);
}

/// Why the answer ended, and the word that says so.
void read_end(const Json& body, RecordResponse& answer, bool calls) {
  const std::string_view status = text_of(body.find("status"), "");
  if (status.empty()) return;
  std::string_view word = status;
  FinishReason reason = FinishReason::unknown;
  if (status == "completed") {
    reason = calls ? FinishReason::tool_call : FinishReason::stop;
  } else if (status == "incomplete") {
    word = text_of(member(body.find("incomplete_details"), "reason"), status);
    if (word == "max_output_tokens") reason = FinishReason::length;
    if (word == "content_filter") reason = FinishReason::content_filter;
  } else if (status == "failed") {
    reason = FinishReason::error;
  } else if (status == "cancelled") {
    reason = FinishReason::cancelled;
  }
  answer.finish_reason = reason;
  answer.finish_reason_raw = std::string(word);
}

Json write_own(const FirstAnswer& from, const Json& extra) {
  if (const Json* raw = extra.find("raw"); raw != nullptr && raw->is_object()) return *raw;
  Json body(Json::Object{});
  add_members(extra.find("body"), body);
  if (extra.find("without_output") == nullptr) {
    body.add("output", write_items(*from.answer, from.calls));
  }
  if (from.answer->model) body.add("model", *from.answer->model);
  if (from.answer->raw_usage) {
    body.add("usage", usage_without_tier(*from.answer->raw_usage, body));
  }
  return body;
}

Json usage_from(const Usage& usage) {
  std::uint64_t input = 0;
  std::uint64_t output = 0;
  for_each_class(usage, [&](std::string_view name, std::optional<std::uint64_t> tokens) {
    (name.starts_with("input") ? input : output) += tokens.value_or(0);
  });
  Json made;
  made.add("input_tokens", input);
  made.add("input_tokens_details",
           Json(Json::Object{{"cached_tokens", usage.input_cache_read.value_or(0)}}));
  made.add("output_tokens", output);
  made.add("output_tokens_details",
           Json(Json::Object{{"reasoning_tokens", usage.output_reasoning.value_or(0)}}));
  made.add("total_tokens", input + output);
  return made;
}

/// Items of an answer from elsewhere, with the members that clients read without asking.
Json::Array nearest_items(const FirstAnswer& from) {
  ResponseReceived answer = *from.answer;
  answer.extra.reset();
  Json::Array items = write_items(answer, from.calls);
  for (std::size_t i = 0; i < items.size(); ++i) {
    Json& item = items[i];
    item.add("id", from.answer->message_id + "_" + std::to_string(i));
    if (item_type(item) != "reasoning") item.add("status", "completed");
    Json* content = item_type(item) == "message" ? item.find("content") : nullptr;
    if (content == nullptr || !content->is_array()) continue;
    for (Json& part : *content->if_array()) {
      const bool text = text_of(part.find("type"), "") == "output_text";
      if (text && part.find("annotations") == nullptr) part.add("annotations", Json(Json::Array{}));
    }
  }
  return items;
}

Json write_foreign(const FirstAnswer& from) {
  const FinishReason reason = from.answer->finish_reason.value_or(FinishReason::stop);
  const bool cut = reason == FinishReason::length || reason == FinishReason::content_filter;
  Json body;
  body.add("id", "resp_" + from.answer->call_id).add("object", "response").add("created_at", 0);
  body.add("status", cut ? "incomplete" : reason == FinishReason::error ? "failed" : "completed");
  body.add("error", nullptr).add("incomplete_details", nullptr);
  if (cut) {
    const bool length = reason == FinishReason::length;
    *body.find("incomplete_details") =
        Json(Json::Object{{"reason", length ? "max_output_tokens" : "content_filter"}});
  }
  body.add("instructions", nullptr).add("metadata", Json(Json::Object{}));
  body.add("model", from.answer->model.value_or(""));
  body.add("output", nearest_items(from));
  body.add("parallel_tool_calls", true).add("temperature", nullptr);
  body.add("tool_choice", "auto").add("tools", Json(Json::Array{})).add("top_p", nullptr);
  const bool counted = from.answer->usage && from.answer->usage_source != UsageSource::estimated;
  body.add("usage", counted ? usage_from(*from.answer->usage) : Json());
  return body;
}

class Answers final : public AnswerDialect {
 public:
  [[nodiscard]] core::Result<std::vector<SessionStep>> read(const Json& body,
                                                            const AnswerIds& ids) const override {
    if (!body.is_object()) {
      return bad_field("", "expected an object, found " + std::string(describe(body.kind())));
    }
    const Json* output = body.find("output");
    const bool named = text_of(body.find("object"), "") == "response";
    if (output == nullptr && !named) return bad_field("output", "the field is required");
    if (output != nullptr && !output->is_array()) {
      return bad_field("output",
                       "expected an array, found " + std::string(describe(output->kind())));
    }
    auto steps = read_items(output, MessageIds{ids.message_id(0), ids.call_id});
    if (!steps) return steps;
    auto& answer = std::get<RecordResponse>(steps->front());
    Json::Object rest;
    for (const auto& each : *body.if_object()) {
      if (each.key == "model" && each.value.is_string() && !each.value.if_string()->empty()) {
        answer.model = *each.value.if_string();
      } else if (each.key == "usage" && each.value.is_object()) {
        answer.raw_usage = each.value;
      } else if (each.key != "output") {
        rest.push_back(each);
      }
    }
    if (answer.raw_usage) {
      answer.usage = usage_of(*answer.raw_usage);
      answer.usage_source = UsageSource::provider;
      tier_into_usage(body, answer.raw_usage);
    }
    read_end(body, answer, steps->size() > 1);
    answer.extra->add("body", std::move(rest));
    if (output == nullptr) answer.extra->add("without_output", true);
    if (!same_tree(write(as_events(*steps)), body)) {
      answer.extra = Json(Json::Object{{"dialect", kResponsesDialect}, {"raw", body}});
    }
    return steps;
  }

  [[nodiscard]] Json write(std::span<const SessionEvent> answer) const override {
    const FirstAnswer from = first_answer(answer);
    if (from.answer == nullptr) return {};
    const Json* extra = extra_for(kResponsesDialect, from.answer->extra);
    const Json* raw = member(extra, "raw");  // of a bare list of items, an array
    const bool whole = member(extra, "body") != nullptr || (raw != nullptr && raw->is_object());
    return whole ? write_own(from, *extra) : write_foreign(from);
  }

  [[nodiscard]] std::unique_ptr<StreamedAnswer> stream() const override {
    return make_response_stream();
  }

  [[nodiscard]] std::vector<TimedFrame> write_stream(const Json& body,
                                                     const Json& track) const override {
    return write_response_stream(body, track);
  }

 private:
  static core::Result<std::vector<SessionStep>> read_items(const Json* output,
                                                           const MessageIds& ids) {
    ItemReader reader;
    if (output != nullptr) {
      const Json::Array& items = *output->if_array();
      for (std::size_t i = 0; i < items.size(); ++i) {
        const std::string path = join_path("output", i);
        if (!items[i].is_object()) {
          return bad_field(path,
                           "expected an object, found " + std::string(describe(items[i].kind())));
        }
        if (auto status = reader.add(items[i], ids, path); !status) {
          return std::move(status.error());
        }
      }
    }
    if (reader.answering()) return reader.end_answer();
    RecordResponse nothing;
    nothing.call_id = ids.call_id;
    nothing.message_id = ids.message_id;
    nothing.extra =
        Json(Json::Object{{"dialect", kResponsesDialect}, {"items", Json(Json::Array{})}});
    return std::vector<SessionStep>{std::move(nothing)};
  }
};

}  // namespace

const AnswerDialect& response_answers() {
  static const Answers kAnswers;
  return kAnswers;
}

ProviderError read_error(int status, const Json& body) {
  ProviderError error;
  const Json* said = body.find("error");
  if (said == nullptr || said->is_null()) said = member(body.find("response"), "error");
  if (said == nullptr || said->is_null()) said = &body;
  error.error = *said;
  // `type` is the class of error, `code` the error; an event of a stream has its own name as type.
  const bool event = text_of(said->find("type"), "") == "error";
  if (!event) error.type = error_identifier(said->find("type"));
  const auto code = error_identifier(said->find("code"));
  if (!error.type) error.type = code;
  const bool quota = code == "insufficient_quota" || error.type == "insufficient_quota";
  const bool passing = error.type == "server_error" || error.type == "rate_limit_exceeded" ||
                       code == "server_error" || code == "rate_limit_exceeded";
  error.retryable = !quota && (retryable_status(status) || (status == 200 && passing));
  return error;
}

}  // namespace hansard::events::openai
