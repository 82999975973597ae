#include "events/dialects/openai/chat_answers.h"

#include <algorithm>
#include <utility>

#include "chat_stream.h"
#include "chat_usage.h"
#include "dialects/answered.h"
#include "dialects/frames.h"
#include "dialects/original.h"
#include "events/dialects/openai/messages.h"
#include "tier.h"

namespace hansard::events::openai {
namespace {

constexpr std::string_view kDialect = "openai";

core::Error expected(std::string_view path, std::string_view what, const Json& found) {
  return bad_field(
      path, "expected " + std::string(what) + ", found " + std::string(describe(found.kind())));
}

/// A choice of a recorded answer.
struct Choice {
  const ResponseReceived* answer = nullptr;
  std::vector<ToolCalled> calls;
};

std::vector<Choice> choices_of(std::span<const SessionEvent> events) {
  std::vector<Choice> choices;
  for (const SessionEvent& each : events) {
    if (const auto* answer = std::get_if<ResponseReceived>(&each)) choices.push_back({answer, {}});
  }
  for (const SessionEvent& each : events) {
    const auto* call = std::get_if<ToolCalled>(&each);
    if (call == nullptr) continue;
    for (Choice& choice : choices) {
      if (choice.answer->message_id == call->message_id) choice.calls.push_back(*call);
    }
  }
  return choices;
}

Json write_choice(const Choice& from, std::size_t position) {
  Json choice(Json::Object{});
  const Json* extra = extra_for(kDialect, from.answer->extra);
  const Json* rest = member(extra, "choice");
  const bool indexed = member(rest, "index") == nullptr && member(extra, "unindexed") == nullptr;
  if (indexed) choice.add("index", position);
  choice.add("message", write_message(*from.answer, from.calls));
  if (from.answer->finish_reason_raw) choice.add("finish_reason", *from.answer->finish_reason_raw);
  add_members(rest, choice);
  return choice;
}

Json write_own(std::span<const Choice> choices, const Json& extra) {
  if (const Json* whole = extra.find("whole")) return *whole;
  const ResponseReceived& first = *choices.front().answer;
  Json body(Json::Object{});
  add_members(extra.find("body"), body);
  if (first.model) body.add("model", *first.model);
  const auto said = text_of(extra.find("choices"), "");
  if (said != "absent") {
    Json::Array list;
    for (std::size_t i = 0; said.empty() && i < choices.size(); ++i) {
      list.push_back(write_choice(choices[i], i));
    }
    body.add("choices", std::move(list));
  }
  if (first.raw_usage) body.add("usage", usage_without_tier(*first.raw_usage, body));
  return body;
}

/// The message that says most of an answer of another format: one text, one refusal, what it
/// thought, calls.
Json foreign_message(const Choice& from) {
  ResponseReceived answer = *from.answer;
  answer.extra.reset();
  answer.parts.clear();
  std::string text;
  std::string refusal;
  std::string thought;
  for (const Part& part : from.answer->parts) {
    const auto kind = part.kind();
    std::string* to = kind == "text"       ? &text
                      : kind == "refusal"  ? &refusal
                      : kind == "thinking" ? &thought
                                           : nullptr;
    if (to != nullptr) {
      to->append(part.text().value_or(""));
    } else if (kind == "tool_call") {
      answer.parts.push_back(Part::make_tool_call(std::string(part.tool_call_id().value_or("")),
                                                  part.call_index().value_or(0)));
    }
  }
  if (!text.empty()) answer.parts.insert(answer.parts.begin(), Part::make_text(text));
  Json message = write_message(answer, from.calls);
  message.add("refusal", refusal.empty() ? Json() : Json(refusal));
  if (!thought.empty()) message.add("reasoning_content", thought);
  return message;
}

Json write_foreign(std::span<const Choice> choices) {
  const ResponseReceived& first = *choices.front().answer;
  Json body;
  body.add("id", "chatcmpl-" + first.call_id).add("object", "chat.completion").add("created", 0);
  body.add("model", first.model.value_or(""));
  Json::Array list;
  for (std::size_t i = 0; i < choices.size(); ++i) {
    Json choice;
    choice.add("index", i).add("message", foreign_message(choices[i]));
    choice.add("logprobs", nullptr);
    choice.add("finish_reason", chat_finish_word(choices[i].answer->finish_reason));
    list.push_back(std::move(choice));
  }
  body.add("choices", std::move(list));
  if (first.usage && first.usage_source != UsageSource::estimated) {
    body.add("usage", chat_usage_from(*first.usage));
  }
  return body;
}

void to_extra(RecordResponse& answer, std::string key, Json value) {
  if (!answer.extra) answer.extra = Json(Json::Object{{"dialect", kDialect}});
  answer.extra->add(std::move(key), std::move(value));
}

/// The steps of one choice.
core::Result<std::vector<SessionStep>> read_choice(const Json& choice, std::uint32_t position,
                                                   const AnswerIds& ids) {
  const std::string path = join_path("choices", position);
  if (!choice.is_object()) return expected(path, "an object", choice);
  const std::string at = join_path(path, "message");
  const Json* message = choice.find("message");
  if (message == nullptr) return bad_field(at, "the field is required");
  if (!message->is_object()) return expected(at, "an object", *message);
  // What a choice says is an answer, whatever role a host gives it.
  Json said = *message;
  set_member(said, "role", "assistant");
  MessageReader reader;
  auto steps = reader.read(said, MessageIds{ids.message_id(position), ids.call_id}, at);
  if (!steps) return steps;
  auto& answer = std::get<RecordResponse>(steps->front());
  answer.choice = position;
  Json::Object rest;
  for (const auto& each : *choice.if_object()) {
    const auto* word = each.value.if_string();
    if (each.key == "finish_reason" && word != nullptr && !answer.finish_reason_raw) {
      answer.finish_reason_raw = *word;
      answer.finish_reason = chat_finish_reason(*word);
      continue;
    }
    const bool usual = each.key == "index" && each.value.is_number() &&
                       each.value.if_number()->lexeme == std::to_string(position);
    if (each.key != "message" && !usual) rest.push_back(each);
  }
  if (choice.find("index") == nullptr) to_extra(answer, "unindexed", true);
  if (!rest.empty()) to_extra(answer, "choice", std::move(rest));
  return steps;
}

class Answers final : public AnswerDialect {
 public:
  [[nodiscard]] core::Result<std::vector<SessionStep>> read(const Json& body,
                                                            const AnswerIds& ids) const override {
    if (!body.is_object()) return expected("", "an object", body);
    const Json* choices = body.find("choices");
    const bool named = text_of(body.find("object"), "") == "chat.completion";
    if (choices == nullptr && !named) return bad_field("choices", "the field is required");
    if (choices != nullptr && !choices->is_array()) {
      return expected("choices", "an array", *choices);
    }
    std::vector<SessionStep> steps;
    const std::size_t count = choices == nullptr ? 0 : choices->if_array()->size();
    for (std::size_t i = 0; i < count; ++i) {
      const auto position = static_cast<std::uint32_t>(i);
      auto of_choice = read_choice((*choices->if_array())[i], position, ids);
      if (!of_choice) return of_choice;
      std::move(of_choice->begin(), of_choice->end(), std::back_inserter(steps));
    }
    if (steps.empty()) {
      RecordResponse nothing;
      nothing.call_id = ids.call_id;
      nothing.message_id = ids.message_id(0);
      to_extra(nothing, "choices", choices == nullptr ? "absent" : "none");
      steps.emplace_back(std::move(nothing));
    }
    read_rest(body, std::get<RecordResponse>(steps.front()));
    if (!same_tree(write(as_events(steps)), body)) {
      to_extra(std::get<RecordResponse>(steps.front()), "whole", body);
    }
    return steps;
  }

  [[nodiscard]] Json write(std::span<const SessionEvent> answer) const override {
    const std::vector<Choice> choices = choices_of(answer);
    if (choices.empty()) return {};
    const Json* extra = extra_for(kDialect, choices.front().answer->extra);
    // A message of a list has no body.
    const bool ours = member(extra, "body") != nullptr || member(extra, "whole") != nullptr;
    return ours ? write_own(choices, *extra) : write_foreign(choices);
  }

  [[nodiscard]] std::unique_ptr<StreamedAnswer> stream() const override {
    return make_chat_stream();
  }

  [[nodiscard]] std::vector<TimedFrame> write_stream(const Json& body,
                                                     const Json& track) const override {
    return write_chat_stream(body, track);
  }

 private:
  static void read_rest(const Json& body, RecordResponse& answer) {
    Json::Object rest;
    for (const auto& each : *body.if_object()) {
      const auto* text = each.value.if_string();
      if (each.key == "model" && text != nullptr && !text->empty() && !answer.model) {
        answer.model = *text;
      } else if (each.key == "usage" && each.value.is_object() && !answer.raw_usage) {
        answer.raw_usage = each.value;
      } else if (each.key != "choices") {
        rest.push_back(each);
      }
    }
    to_extra(answer, "body", std::move(rest));
    if (!answer.raw_usage) return;
    answer.usage = chat_usage(*answer.raw_usage);
    tier_into_usage(body, answer.raw_usage);
    answer.usage_source = UsageSource::provider;
  }
};

}  // namespace

const AnswerDialect& chat_answers() {
  static const Answers kAnswers;
  return kAnswers;
}

}  // namespace hansard::events::openai
