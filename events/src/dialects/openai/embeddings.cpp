#include "events/dialects/openai/embeddings.h"

#include <utility>

#include "dialects/answered.h"
#include "dialects/original.h"
#include "dialects/vectors.h"
#include "events/dialects/openai/responses.h"

namespace hansard::events::openai {
namespace {

constexpr std::string_view kDialect = "openai.embedding";

bool is_body(const Json& data) {
  const Json* list = data.find("data");
  return list != nullptr && list->is_array();
}

/// Some hosts tell the total alone.
Usage usage_of(const Json& usage) {
  TokenCounts counts;
  counts.total = count_at(&usage, "total_tokens");
  counts.input = count_at(&usage, "prompt_tokens");
  if (!counts.input) counts.input = counts.total;
  counts.cached = count_at(usage.find("prompt_tokens_details"), "cached_tokens");
  counts.output = count_at(&usage, "completion_tokens");
  return disjoint_usage(counts);
}

/// The entry of `data` at `index` as most hosts have it, without its vector.
Json usual_entry(std::size_t index) {
  return Json(Json::Object{{"object", "embedding"}, {"index", index}});
}

Json::Array usual_entries(std::size_t count) {
  Json::Array entries;
  for (std::size_t i = 0; i < count; ++i) entries.push_back(usual_entry(i));
  return entries;
}

/// Takes the vectors out of `data`. @return what is left of its entries
core::Result<Json::Array> without_vectors(const Json::Array& data, VectorNotes& notes) {
  Json::Array entries;
  for (std::size_t i = 0; i < data.size(); ++i) {
    const std::string path = join_path("data", i);
    if (!data[i].is_object()) {
      return bad_field(path, "expected an object, found " + std::string(describe(data[i].kind())));
    }
    Json entry(Json::Object{});
    for (const auto& each : *data[i].if_object()) {
      if (each.key != "embedding") {
        entry.add(each.key, each.value);
      } else if (auto status = notes.add(each.value, join_path(path, "embedding")); !status) {
        return std::move(status.error());
      }
    }
    entries.push_back(std::move(entry));
  }
  return entries;
}

/// `data` is only kept where its entries are not as most hosts have them: else their number is.
Json entries_note(Json::Array entries) {
  Json usual(usual_entries(entries.size()));
  Json given(std::move(entries));
  return same_tree(given, usual) ? Json(usual.if_array()->size()) : given;
}

Json write_entries(const Json* note) {
  if (note == nullptr) return Json(Json::Array{});
  if (note->is_array()) return *note;
  const auto count = note->as_uint("data");
  return Json(usual_entries(count ? static_cast<std::size_t>(*count) : 0));
}

class Answers final : public AnswerDialect {
 public:
  [[nodiscard]] core::Result<std::vector<SessionStep>> read(const Json& body,
                                                            const AnswerIds& ids) const override {
    if (!is_body(body)) return bad_field("data", "expected an array");
    RecordResponse answer;
    answer.call_id = ids.call_id;
    answer.message_id = ids.message_id(0);
    VectorNotes notes;
    auto entries = without_vectors(*body.find("data")->if_array(), notes);
    if (!entries) return std::move(entries.error());
    Json::Object rest;
    bool data = false;
    for (const auto& each : *body.if_object()) {
      if (each.key == "data" && !data) {
        data = true;
      } else if (each.key == "model" && !answer.model && !text_of(&each.value, "").empty()) {
        answer.model = *each.value.if_string();
      } else if (each.key == "usage" && !answer.raw_usage && each.value.is_object()) {
        answer.raw_usage = each.value;
      } else {
        rest.push_back(each);
      }
    }
    if (answer.raw_usage) {
      answer.usage = usage_of(*answer.raw_usage);
      answer.usage_source = UsageSource::provider;
    }
    answer.extra = Json(Json::Object{{"dialect", kDialect}});
    notes.describe(ids.vector_hash, *answer.extra);
    answer.extra->add("data", entries_note(*std::move(entries)));
    answer.extra->add("body", std::move(rest));
    return std::vector<SessionStep>{std::move(answer)};
  }

  [[nodiscard]] Json write(std::span<const SessionEvent> answer) const override {
    for (const SessionEvent& each : answer) {
      const auto* response = std::get_if<ResponseReceived>(&each);
      if (response == nullptr) continue;
      const Json* extra = extra_for(kDialect, response->extra);
      return extra == nullptr ? write_foreign(*response) : write_own(*response, *extra);
    }
    return {};
  }

  [[nodiscard]] std::unique_ptr<StreamedAnswer> stream() const override {
    return make_whole_stream(is_body);
  }

  [[nodiscard]] std::vector<TimedFrame> write_stream(const Json& body, const Json&) const override {
    return write_whole_stream(body);
  }

 private:
  static Json write_own(const ResponseReceived& answer, const Json& extra) {
    Json body(Json::Object{});
    body.add("data", write_entries(extra.find("data")));
    if (answer.model) body.add("model", *answer.model);
    if (answer.raw_usage) body.add("usage", *answer.raw_usage);
    add_members(extra.find("body"), body);
    return body;
  }

  static Json write_foreign(const ResponseReceived& answer) {
    Json body;
    body.add("object", "list").add("data", Json(Json::Array{}));
    body.add("model", answer.model.value_or(""));
    if (answer.usage) {
      const std::uint64_t input = sums(*answer.usage).input;
      body.add("usage", Json(Json::Object{{"prompt_tokens", input}, {"total_tokens", input}}));
    }
    return body;
  }
};

}  // namespace

const AnswerDialect& embedding_answers() {
  static const Answers dialect;
  return dialect;
}

}  // namespace hansard::events::openai
