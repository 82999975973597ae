#include "events/dialects/openai/completions.h"

#include <algorithm>
#include <set>
#include <utility>

#include "chat_usage.h"
#include "completions_stream.h"
#include "dialects/answered.h"
#include "dialects/original.h"
#include "tier.h"

namespace hansard::events::openai {
namespace {

constexpr std::string_view kDialect = "openai.completion";

std::vector<const ResponseReceived*> answers_in(std::span<const SessionEvent> events) {
  std::vector<const ResponseReceived*> found;
  for (const SessionEvent& each : events) {
    const auto* answer = std::get_if<ResponseReceived>(&each);
    if (answer == nullptr) continue;
    if (found.empty() || answer->call_id == found.front()->call_id) found.push_back(answer);
  }
  return found;
}

/// The number of a choice, where it tells one.
std::optional<std::uint32_t> index_of(const Json& choice) {
  const auto index = count_at(&choice, "index");
  if (!index || *index > UINT32_MAX) return std::nullopt;
  return static_cast<std::uint32_t>(*index);
}

/// Whether every choice has a number of its own.
bool are_numbered(const Json::Array& choices) {
  std::set<std::uint32_t> seen;
  return std::all_of(choices.begin(), choices.end(), [&](const Json& each) {
    const auto index = index_of(each);
    return index && seen.insert(*index).second;
  });
}

void read_choice(const Json& choice, bool numbered, RecordResponse& answer) {
  Json::Object fields;
  bool text = false;
  for (const auto& each : *choice.if_object()) {
    const auto* word = each.value.if_string();
    if (each.key == "text" && word != nullptr && !text) {
      answer.parts.push_back(Part::make_text(*word));
      text = true;
    } else if (each.key == "finish_reason" && word != nullptr && !answer.finish_reason_raw) {
      answer.finish_reason = chat_finish_reason(*word);
      answer.finish_reason_raw = *word;
    } else if (each.key != "index" || !numbered) {
      fields.push_back(each);
    }
  }
  answer.extra = Json(Json::Object{{"dialect", kDialect}});
  if (!numbered) answer.extra->add("unnumbered", true);
  if (!fields.empty()) answer.extra->add("fields", std::move(fields));
}

Json write_choice(const ResponseReceived& answer, const Json& extra) {
  Json choice(Json::Object{});
  if (extra.find("unnumbered") == nullptr) choice.add("index", answer.choice);
  if (!answer.parts.empty()) choice.add("text", answer.parts.front().text().value_or(""));
  if (answer.finish_reason_raw) choice.add("finish_reason", *answer.finish_reason_raw);
  add_fields(&extra, choice);
  return choice;
}

Json write_own(const std::vector<const ResponseReceived*>& answers, const Json& extra) {
  if (const Json* raw = extra.find("raw")) return *raw;
  const ResponseReceived& first = *answers.front();
  Json body(Json::Object{});
  if (first.model) body.add("model", *first.model);
  Json::Array choices;
  if (extra.find("no_choices") == nullptr) {
    for (const ResponseReceived* each : answers) {
      if (const Json* own = extra_for(kDialect, each->extra)) {
        choices.push_back(write_choice(*each, *own));
      }
    }
  }
  body.add("choices", std::move(choices));
  add_members(extra.find("body"), body);
  if (first.raw_usage) body.add("usage", usage_without_tier(*first.raw_usage, body));
  return body;
}

/// An answer that was recorded in another format: what it says, as text.
Json write_foreign(const std::vector<const ResponseReceived*>& answers) {
  const ResponseReceived& first = *answers.front();
  Json body;
  body.add("id", "cmpl-" + first.call_id).add("object", "text_completion").add("created", 0);
  body.add("model", first.model.value_or(""));
  Json::Array choices;
  for (const ResponseReceived* each : answers) {
    std::string text;
    for (const Part& part : each->parts) {
      if (part.kind() != "thinking") text.append(part.text().value_or(""));
    }
    Json choice;
    choice.add("text", std::move(text)).add("index", each->choice).add("logprobs", nullptr);
    choice.add("finish_reason", chat_finish_word(each->finish_reason));
    choices.push_back(std::move(choice));
  }
  body.add("choices", std::move(choices));
  if (first.usage && first.usage_source != UsageSource::estimated) {
    body.add("usage", chat_usage_from(*first.usage));
  }
  return body;
}

class Answers final : public AnswerDialect {
 public:
  [[nodiscard]] core::Result<std::vector<SessionStep>> read(const Json& body,
                                                            const AnswerIds& ids) const override {
    const Json* list = body.find("choices");
    const Json::Array* choices = list == nullptr ? nullptr : list->if_array();
    if (choices == nullptr) return bad_field("choices", "expected an array");
    if (auto status = check(*choices); !status) return std::move(status.error());
    const bool numbered = are_numbered(*choices);
    std::vector<SessionStep> steps;
    for (std::size_t i = 0; i < choices->size(); ++i) {
      const auto place = static_cast<std::uint32_t>(i);
      RecordResponse answer;
      answer.call_id = ids.call_id;
      answer.choice = numbered ? *index_of((*choices)[i]) : place;
      answer.message_id = ids.message_id(answer.choice);
      read_choice((*choices)[i], numbered, answer);
      steps.emplace_back(std::move(answer));
    }
    if (choices->empty()) steps.emplace_back(no_choices(ids));
    auto& first = std::get<RecordResponse>(steps.front());
    read_rest(body, first);
    for (SessionStep& each : steps) std::get<RecordResponse>(each).model = first.model;
    if (!same_tree(write(as_events(steps)), body)) {
      for (SessionStep& each : steps) {
        std::get<RecordResponse>(each).extra = Json(Json::Object{{"dialect", kDialect}});
      }
      first.extra->add("raw", body);
    }
    return steps;
  }

  [[nodiscard]] Json write(std::span<const SessionEvent> events) const override {
    const auto answers = answers_in(events);
    if (answers.empty()) return {};
    const Json* extra = extra_for(kDialect, answers.front()->extra);
    return extra != nullptr ? write_own(answers, *extra) : write_foreign(answers);
  }

  [[nodiscard]] std::unique_ptr<StreamedAnswer> stream() const override {
    return make_completion_stream();
  }

  [[nodiscard]] std::vector<TimedFrame> write_stream(const Json& body,
                                                     const Json& track) const override {
    return write_completion_stream(body, track);
  }

 private:
  /// A text is what tells these choices from those of a chat.
  static core::Status check(const Json::Array& choices) {
    for (std::size_t i = 0; i < choices.size(); ++i) {
      const std::string path = join_path("choices", i);
      if (!choices[i].is_object()) {
        return bad_field(path,
                         "expected an object, found " + std::string(describe(choices[i].kind())));
      }
      const Json* text = choices[i].find("text");
      if (text == nullptr || !text->is_string()) {
        return bad_field(join_path(path, "text"), "expected a string");
      }
    }
    return core::Ok{};
  }

  static RecordResponse no_choices(const AnswerIds& ids) {
    RecordResponse nothing;
    nothing.call_id = ids.call_id;
    nothing.message_id = ids.message_id(0);
    nothing.extra = Json(Json::Object{{"dialect", kDialect}, {"no_choices", true}});
    return nothing;
  }

  /// What the whole call has, on its first answer.
  static void read_rest(const Json& body, RecordResponse& first) {
    Json::Object rest;
    for (const auto& each : *body.if_object()) {
      if (each.key == "choices") continue;
      if (each.key == "model" && !first.model && !text_of(&each.value, "").empty()) {
        first.model = *each.value.if_string();
      } else if (each.key == "usage" && !first.raw_usage && each.value.is_object()) {
        first.raw_usage = each.value;
      } else {
        rest.push_back(each);
      }
    }
    if (first.raw_usage) {
      first.usage = chat_usage(*first.raw_usage);
      first.usage_source = UsageSource::provider;
      tier_into_usage(body, first.raw_usage);
    }
    if (!rest.empty()) first.extra->add("body", std::move(rest));
  }
};

}  // namespace

const AnswerDialect& completion_answers() {
  static const Answers kAnswers;
  return kAnswers;
}

}  // namespace hansard::events::openai
