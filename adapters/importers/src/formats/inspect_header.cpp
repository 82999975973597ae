#include <utility>

#include "formats/inspect_sample.h"
#include "formats/steps.h"

namespace hansard::importers::inspect {

using events::Json;

LogHeader LogHeader::from(const Json& log, std::string path) {
  const Json& eval = *log.find("eval");
  LogHeader header;
  header.run_id = text_at(eval, "run_id").value_or("");
  header.task_id = text_at(eval, "task_id").value_or("");
  header.task = text_at(eval, "task").value_or("");
  header.model = text_at(eval, "model").value_or("");
  header.status = text_at(log, "status").value_or("");
  header.created = text_at(eval, "created").value_or("");
  header.path = std::move(path);
  return header;
}

std::string LogHeader::session_id() const {
  if (run_id.empty() && task_id.empty()) return {};
  return "inspect-" + run_id + "-" + task_id;
}

events::Usage usage_of(const Json& said) {
  const auto input = count_at(said, "input_tokens");
  const auto output = count_at(said, "output_tokens");
  const auto total = count_at(said, "total_tokens");
  const auto reasoning = count_at(said, "reasoning_tokens");
  events::Usage usage;
  usage.input_cache_read = count_at(said, "input_tokens_cache_read");
  usage.input_cache_write_other = count_at(said, "input_tokens_cache_write");
  const std::uint64_t cached =
      usage.input_cache_read.value_or(0) + usage.input_cache_write_other.value_or(0);
  usage.input_text = input;
  const bool inside = input && output && total == *input + *output;
  if (inside && cached <= *input) usage.input_text = *input - cached;
  usage.output_text = output;
  if (output && reasoning && *reasoning <= *output) {
    usage.output_text = *output - *reasoning;
    usage.output_reasoning = reasoning;
  }
  return usage;
}

std::vector<events::RecordScore> scores_of(const std::string& name, const Json& score,
                                           const std::string& id) {
  std::vector<events::RecordScore> out;
  const Json* value = score.is_object() ? score.find("value") : &score;
  if (value == nullptr) return out;
  const auto add = [&](const std::string& part, const Json& scalar) {
    events::RecordScore each;
    each.name = part.empty() ? name : name + "." + part;
    // Judged anew is another judgement, so the value is part of what names it.
    each.score_id = id + (part.empty() ? "" : "." + part) + ":" + dump(scalar);
    each.value = scalar;
    each.comment = text_at(score, "explanation");
    if (Json::Object rest = without(score, {"value", "explanation"}); !rest.empty()) {
      each.metadata = Json(std::move(rest));
    }
    out.push_back(std::move(each));
  };
  if (const Json::Object* members = value->if_object()) {
    for (const Json::Member& member : *members) add(member.key, member.value);
  } else if (const Json::Array* list = value->if_array()) {
    for (std::size_t i = 0; i < list->size(); ++i) add(std::to_string(i), (*list)[i]);
  } else {
    add({}, *value);
  }
  return out;
}

}  // namespace hansard::importers::inspect
