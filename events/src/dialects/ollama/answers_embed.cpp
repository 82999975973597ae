#include <utility>

#include "dialects/answered.h"
#include "dialects/original.h"
#include "dialects/vectors.h"
#include "events/dialects/ollama/answers.h"

namespace hansard::events::ollama {
namespace {

constexpr std::string_view kDialect = "ollama.embed";

/// A list of vectors, or the one vector of the older API.
const Json* vectors_of(const Json& body) {
  for (const auto* key : {"embeddings", "embedding"}) {
    const Json* found = body.find(key);
    if (found != nullptr && found->is_array()) return found;
  }
  return nullptr;
}

bool is_vectors(const Json::Member& each) {
  return (each.key == "embeddings" || each.key == "embedding") && each.value.is_array();
}

bool has_vectors(const Json& data) { return vectors_of(data) != nullptr; }

core::Status take_vectors(const Json::Member& each, VectorNotes& notes) {
  if (each.key == "embedding") return notes.add(each.value, each.key);
  const Json::Array& list = *each.value.if_array();
  for (std::size_t i = 0; i < list.size(); ++i) {
    if (auto status = notes.add(list[i], join_path(each.key, i)); !status) return status;
  }
  return core::Ok{};
}

bool counts(const Json::Member& each) {
  return each.value.is_number() && (each.key == "total_duration" || each.key == "load_duration" ||
                                    each.key == "prompt_eval_count");
}

class Answers final : public AnswerDialect {
 public:
  [[nodiscard]] core::Result<std::vector<SessionStep>> read(const Json& body,
                                                            const AnswerIds& ids) const override {
    if (!has_vectors(body)) return bad_field("embeddings", "expected an array");
    RecordResponse answer;
    answer.call_id = ids.call_id;
    answer.message_id = ids.message_id(0);
    VectorNotes notes;
    Json::Object counters;
    Json::Object fields;
    for (const auto& each : *body.if_object()) {
      if (is_vectors(each)) {
        if (auto status = take_vectors(each, notes); !status) return std::move(status.error());
      } else if (each.key == "model" && !answer.model && !text_of(&each.value, "").empty()) {
        answer.model = *each.value.if_string();
      } else if (counts(each)) {
        counters.push_back(each);
      } else {
        fields.push_back(each);
      }
    }
    if (!counters.empty()) answer.raw_usage = Json(std::move(counters));
    if (const auto tokens = count_at(&body, "prompt_eval_count")) {
      answer.usage = Usage{};
      answer.usage->input_text = tokens;
      answer.usage_source = UsageSource::provider;
    }
    answer.extra = Json(Json::Object{{"dialect", kDialect}});
    notes.describe(ids.vector_hash, *answer.extra);
    if (!fields.empty()) answer.extra->add("fields", std::move(fields));
    return std::vector<SessionStep>{std::move(answer)};
  }

  [[nodiscard]] Json write(std::span<const SessionEvent> answer) const override {
    for (const SessionEvent& each : answer) {
      const auto* response = std::get_if<ResponseReceived>(&each);
      if (response == nullptr) continue;
      Json body(Json::Object{});
      if (response->model) body.add("model", *response->model);
      const Json* extra = extra_for(kDialect, response->extra);
      if (extra == nullptr) {
        if (response->usage) body.add("prompt_eval_count", sums(*response->usage).input);
        return body;
      }
      if (response->raw_usage) add_members(&*response->raw_usage, body);
      add_fields(extra, body);
      return body;
    }
    return {};
  }

  [[nodiscard]] std::unique_ptr<StreamedAnswer> stream() const override {
    return make_whole_stream(has_vectors);
  }

  [[nodiscard]] std::vector<TimedFrame> write_stream(const Json& body, const Json&) const override {
    return write_whole_stream(body);
  }

 private:
};

}  // namespace

const AnswerDialect& embed_answers() {
  static const Answers dialect;
  return dialect;
}

}  // namespace hansard::events::ollama
