#include "formats/preference.h"

#include <array>
#include <utility>
#include <variant>

#include "formats/json_reader.h"
#include "formats/steps.h"

namespace hansard::importers {

namespace {

using core::Ok;
using core::Status;
using events::Json;

constexpr std::array<std::string_view, 2> kOutputs = {"preferred_output", "non_preferred_output"};

class PreferenceReader final : public JsonReader {
 public:
  using JsonReader::JsonReader;

 private:
  Status read(const JsonRecord& record) override {
    const Json* input = record.json.find("input");
    const Json* messages = input == nullptr ? nullptr : input->find("messages");
    if (messages == nullptr || !messages->is_array() || messages->if_array()->empty()) {
      return events::bad_field("input.messages", "expected a list of messages that is not empty");
    }
    bool single = true;
    for (const std::string_view name : kOutputs) {
      const Json* output = record.json.find(name);
      if (output == nullptr || !output->is_array() || output->if_array()->empty()) {
        return events::bad_field(name, "expected a list of messages that is not empty");
      }
      const Json::Array& list = *output->if_array();
      single = single && list.size() == 1 && text_at(list.front(), "role") == "assistant";
    }
    single ? choices(record) : sessions(record);
    return Ok{};
  }

  /// The piece of a session that begins with the input.
  static PieceBuilder begin(const JsonRecord& record, std::string_view suffix) {
    const Json& input = *record.json.find("input");
    const Json::Array& messages = *input.find("messages")->if_array();
    SessionName name;
    if (auto id = id_at(record.json, "id")) {
      name.id = *id + std::string(suffix);
    } else {
      name.prefix = "preference-";
      name.seed = "preference\n" + std::to_string(record.repeat) + '\n' +
                  dump(*input.find("messages")) + std::string(suffix);
    }
    PieceBuilder out(record.line, std::move(name));
    Json::Object metadata = without(record.json, {"id", "input", kOutputs[0], kOutputs[1]});
    Json::Object rest = without(input, {"messages", "tools"});
    if (!rest.empty()) metadata.push_back({"input", Json(std::move(rest))});
    if (!metadata.empty()) out.piece().create.metadata = Json(std::move(metadata));
    if (const Json* tools = present(input, "tools"); tools != nullptr && tools->is_array()) {
      events::ConfigureSession offered;
      offered.idempotency_key = "import";
      offered.tools = *tools;
      out.step(std::move(offered));
    }
    for (std::size_t i = 0; i < messages.size(); ++i) {
      out.message(messages[i], "m" + std::to_string(i), events::join_path("input.messages", i));
    }
    return out;
  }

  static void judge(const std::string& message_id, bool preferred, PieceBuilder& out) {
    events::RecordScore score;
    score.score_id = "preferred:" + message_id;
    score.target_kind = events::TargetKind::message;
    score.target_id = message_id;
    score.name = "preferred";
    score.value = Json(preferred);
    out.step(std::move(score));
  }

  void choices(const JsonRecord& record) const {
    PieceBuilder out = begin(record, "");
    const std::size_t place = record.json.find("input")->find("messages")->if_array()->size();
    const std::string call_id = "call:m" + std::to_string(place);
    std::array<std::string, kOutputs.size()> answers;
    for (std::size_t i = 0; i < kOutputs.size(); ++i) {
      const std::string id = "m" + std::to_string(place) + (i == 0 ? "" : ".choice1");
      const Json& message = record.json.find(kOutputs[i])->if_array()->front();
      for (auto& step : out.message(message, id, std::string(kOutputs[i]) + "[0]")) {
        auto* answer = std::get_if<events::RecordResponse>(&step.step);
        if (answer == nullptr) continue;
        answer->call_id = call_id;
        answer->choice = static_cast<std::uint32_t>(i);
        answers[i] = id;
      }
    }
    for (std::size_t i = 0; i < kOutputs.size(); ++i) {
      if (!answers[i].empty()) judge(answers[i], i == 0, out);
    }
    tell(out.take());
  }

  void sessions(const JsonRecord& record) const {
    for (std::size_t i = 0; i < kOutputs.size(); ++i) {
      PieceBuilder out = begin(record, i == 0 ? "" : ".non_preferred");
      const std::size_t place = record.json.find("input")->find("messages")->if_array()->size();
      const Json::Array& list = *record.json.find(kOutputs[i])->if_array();
      std::string answer;
      for (std::size_t j = 0; j < list.size(); ++j) {
        const std::string id = "m" + std::to_string(place + j);
        const auto added = out.message(list[j], id, events::join_path(kOutputs[i], j));
        const bool said =
            !added.empty() && std::holds_alternative<events::RecordResponse>(added.front().step);
        if (said) answer = id;
      }
      if (!answer.empty()) judge(answer, i == 0, out);
      tell(out.take());
    }
  }
};

}  // namespace

std::unique_ptr<Reader> preference_reader(ReaderEvents events) {
  return std::make_unique<PreferenceReader>(std::move(events));
}

bool is_preference(const Json& record) {
  const Json* input = record.find("input");
  return input != nullptr && input->find("messages") != nullptr &&
         record.find(kOutputs[0]) != nullptr && record.find(kOutputs[1]) != nullptr;
}

}  // namespace hansard::importers
