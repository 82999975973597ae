#include "formats/chatgpt_feedback.h"

#include <utility>

#include "formats/steps.h"

namespace hansard::importers::chatgpt {

using events::Json;

namespace {

/// `thumbs_up` and `thumbsUp`; another word stays one.
Json value_of(const std::string& rating) {
  if (rating == "thumbs_up" || rating == "thumbsUp") return Json(true);
  if (rating == "thumbs_down" || rating == "thumbsDown") return Json(false);
  return Json(rating);
}

/// What was written: `content` is a text of JSON with tags and, where there is one, a text.
std::optional<std::string> comment_of(const Json& record) {
  const auto content = text_at(record, "content");
  if (!content || !content->starts_with('{')) return content;
  const auto said = events::parse_json(*content);
  if (!said) return std::nullopt;
  std::string text = text_at(*said, "text").value_or("");
  return text.empty() ? std::nullopt : std::optional<std::string>(std::move(text));
}

}  // namespace

core::Result<Feedback> Feedback::read(std::string_view text) {
  auto json = events::parse_json(text);
  if (!json) return std::move(json).error();
  Json::Array* list = json->if_array();
  if (list == nullptr) return events::bad_field("", "expected a list");
  Feedback out;
  for (Json& record : *list) {
    if (!record.is_object()) return events::bad_field("", "expected a list of objects");
    const std::string conversation = id_at(record, "conversation_id").value_or("");
    out.by_conversation_[conversation].push_back(std::move(record));
  }
  return out;
}

const std::vector<Json>& Feedback::of(const std::string& conversation) const {
  static const std::vector<Json> kNone;
  const auto found = by_conversation_.find(conversation);
  return found == by_conversation_.end() ? kNone : found->second;
}

std::string message_of(const Json& record) {
  // Newer exports call the record as its message.
  auto id = id_at(record, "message_id");
  if (!id) id = id_at(record, "id");
  return id.value_or("");
}

core::Result<events::RecordedStep> score_of(const Json& record, const std::string& target) {
  const auto rating = text_at(record, "rating");
  events::RecordScore score;
  if (rating) score.value = value_of(*rating);
  if (!rating || !is_score_value(score.value)) {
    return events::bad_field("rating", "expected thumbs_up, thumbs_down or another word");
  }
  score.score_id = "feedback:" + std::to_string(fnv1a(target + dump(record)));
  score.target_kind = events::TargetKind::message;
  score.target_id = target;
  score.name = "thumbs";
  score.evaluator = "user";
  score.comment = comment_of(record);
  Json::Object rest = without(record, {"rating", "conversation_id", "message_id"});
  if (!rest.empty()) score.metadata = Json(std::move(rest));
  auto time = time_of(present(record, "create_time"));
  return at_time(std::move(score), time);
}

}  // namespace hansard::importers::chatgpt
