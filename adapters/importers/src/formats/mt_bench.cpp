#include "formats/mt_bench.h"

#include <algorithm>
#include <utility>

#include "formats/json_reader.h"
#include "formats/steps.h"

namespace hansard::importers {

namespace {

using core::Ok;
using core::Status;
using events::Json;

std::optional<std::string> first_id(const Json& record,
                                    std::initializer_list<std::string_view> keys) {
  for (const std::string_view key : keys) {
    if (auto id = id_at(record, key)) return id;
  }
  return std::nullopt;
}

std::optional<std::string> question_id(const Json& record) {
  return first_id(record, {"question_id", "uid"});
}

bool is_answer(const Json& record) {
  return record.find("choices") != nullptr || record.find("messages") != nullptr;
}

void tag(Piece& piece, std::string key, const std::optional<std::string>& value) {
  if (value && !value->empty()) piece.create.tags.emplace_back(std::move(key), *value);
}

class MtBenchReader final : public JsonReader {
 public:
  using JsonReader::JsonReader;

 private:
  Status read(const JsonRecord& record) override {
    if (!record.json.is_object()) return events::bad_field("", "expected an object");
    if (!question_id(record.json)) {
      return events::bad_field("question_id", "a question or answer needs question_id or uid");
    }
    return is_answer(record.json) ? answer(record) : question(record);
  }

  Status question(const JsonRecord& record) const {
    const Json* prompt = record.json.find("prompt");
    const Json* list = record.json.find("turns");
    if (list == nullptr && prompt == nullptr) {
      return events::bad_field("turns", "a question needs turns or a prompt");
    }
    if (list != nullptr && !list->is_array()) {
      return events::bad_field("turns", "expected a list of texts");
    }
    PieceBuilder out(record.line, {"question-" + *question_id(record.json), {}, {}});
    tag(out.piece(), "category", text_at(record.json, "category"));
    tag(out.piece(), "cluster", text_at(record.json, "cluster"));
    Json::Object rest = without(record.json, {"turns", "prompt", "category", "cluster"});
    out.piece().create.metadata = Json(std::move(rest));
    const Json::Array turns = list != nullptr ? *list->if_array() : Json::Array{*prompt};
    for (std::size_t i = 0; i < turns.size(); ++i) {
      Json message;
      message.add("role", "user").add("content", turns[i]);
      const std::string path = list != nullptr ? events::join_path("turns", i) : "prompt";
      out.message(message, "m" + std::to_string(i), path);
    }
    tell(out.take());
    return Ok{};
  }

  /// The piece of an answer's session, without its steps.
  static PieceBuilder begin(const JsonRecord& record, const std::string& suffix) {
    const Json& json = record.json;
    const auto model = first_id(json, {"model_id", "model"});
    SessionName name;
    if (const auto id = first_id(json, {"answer_id", "ans_id"})) {
      name.id = *id + suffix;
    } else {
      name.prefix = "answer-" + *question_id(json) + "-";
      name.seed = "mt_bench\n" + *question_id(json) + '\n' + model.value_or("") + '\n' +
                  std::to_string(record.repeat) + suffix;
    }
    PieceBuilder out(record.line, std::move(name));
    tag(out.piece(), "question_id", question_id(json));
    tag(out.piece(), "model", model);
    tag(out.piece(), "category", text_at(json, "category"));
    out.piece().create.metadata = Json(without(json, {"choices", "messages", "category"}));
    return out;
  }

  Status answer(const JsonRecord& record) const {
    if (const Json* messages = record.json.find("messages")) {
      if (!messages->is_array()) return events::bad_field("messages", "expected a list");
      return conversation(record, *messages->if_array());
    }
    const Json& choices = *record.json.find("choices");
    if (!choices.is_array() || choices.if_array()->empty()) {
      return events::bad_field("choices", "expected a list of choices that is not empty");
    }
    std::size_t longest = 0;
    for (std::size_t i = 0; i < choices.if_array()->size(); ++i) {
      const Json* turns = (*choices.if_array())[i].find("turns");
      if (turns == nullptr || !turns->is_array()) {
        return events::bad_field(events::join_path("choices", i) + ".turns",
                                 "expected a list of texts");
      }
      longest = std::max(longest, turns->if_array()->size());
    }
    if (longest > 1) return sessions(record, *choices.if_array());
    PieceBuilder out = begin(record, "");
    for (std::size_t i = 0; i < choices.if_array()->size(); ++i) {
      choice(record, (*choices.if_array())[i], i, i, out);
    }
    tell(out.take());
    return Ok{};
  }

  Status sessions(const JsonRecord& record, const Json::Array& choices) const {
    for (std::size_t i = 0; i < choices.size(); ++i) {
      PieceBuilder out = begin(record, i == 0 ? "" : ".choice" + std::to_string(i));
      if (i > 0) tag(out.piece(), "choice", std::to_string(i));
      choice(record, choices[i], i, 0, out);
      tell(out.take());
    }
    return Ok{};
  }

  /// @param as  its number among the choices of one call.
  static void choice(const JsonRecord& record, const Json& json, std::size_t index, std::size_t as,
                     PieceBuilder& out) {
    const auto time = time_of(record.json.find("tstamp"));
    const auto model = first_id(record.json, {"model_id", "model"});
    const std::string path = events::join_path("choices", index) + ".turns";
    const Json::Array& turns = *json.find("turns")->if_array();
    for (std::size_t turn = 0; turn < turns.size(); ++turn) {
      Json message;
      message.add("role", "assistant").add("content", turns[turn]);
      const std::string id =
          "m" + std::to_string(turn) + (as == 0 ? "" : ".choice" + std::to_string(as));
      for (auto& each : out.message(message, id, events::join_path(path, turn), time)) {
        if (auto* said = std::get_if<events::RecordResponse>(&each.step)) {
          said->call_id = "call:m" + std::to_string(turn);
          said->choice = static_cast<std::uint32_t>(as);
          said->model = model;
        }
      }
    }
  }

  Status conversation(const JsonRecord& record, const Json::Array& messages) const {
    const auto time = time_of(record.json.find("tstamp"));
    const auto model = first_id(record.json, {"model_id", "model"});
    PieceBuilder out = begin(record, "");
    for (std::size_t i = 0; i < messages.size(); ++i) {
      Json message = messages[i];
      Json::Object beside;
      Json* content = message.find("content");
      if (content != nullptr && content->is_object() && text_at(*content, "answer")) {
        beside = without(*content, {"answer"});
        Json text = *content->find("answer");
        *content = std::move(text);
      }
      const std::string path = events::join_path("messages", i);
      // Only the answers were made at that time.
      for (auto& each : out.message(message, "m" + std::to_string(i), path)) {
        if (auto* said = std::get_if<events::RecordResponse>(&each.step)) {
          said->model = model;
          if (!beside.empty()) said->metadata = Json(std::exchange(beside, {}));
          each = at_time(std::move(each.step), time);
        }
      }
    }
    tell(out.take());
    return Ok{};
  }
};

}  // namespace

std::unique_ptr<Reader> mt_bench_reader(ReaderEvents events) {
  return std::make_unique<MtBenchReader>(std::move(events));
}

bool is_mt_bench(const Json& record) {
  if (!record.is_object() || !question_id(record)) return false;
  if (is_answer(record)) return first_id(record, {"answer_id", "ans_id"}).has_value();
  return record.find("turns") != nullptr || record.find("prompt") != nullptr;
}

}  // namespace hansard::importers
