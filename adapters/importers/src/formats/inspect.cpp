#include "formats/inspect.h"

#include <utility>

#include "formats/inspect_sample.h"
#include "formats/json_reader.h"
#include "formats/steps.h"

namespace hansard::importers {

namespace {

using core::Ok;
using core::Status;
using events::Json;
using inspect::LogHeader;

bool is_sample(const Json& record) {
  return record.find("epoch") != nullptr && record.find("messages") != nullptr;
}

class InspectReader final : public JsonReader {
 public:
  using JsonReader::JsonReader;

 private:
  Status read(const JsonRecord& record) override {
    const auto sink = [this](Piece piece) { tell(std::move(piece)); };
    if (is_sample(record.json)) return read_sample(record.json, header_, record.line, sink);
    const Json* wrapped = record.json.find("log");
    const Json& log = wrapped == nullptr ? record.json : *wrapped;
    const Json* eval = log.find("eval");
    if (eval == nullptr || !eval->is_object()) {
      return events::bad_field("eval", "no evaluation log: it has neither eval nor a sample");
    }
    const Json* samples = log.find("samples");
    if (samples != nullptr && !samples->is_null() && !samples->is_array()) {
      return events::bad_field("samples", "expected a list of samples");
    }
    header_ = LogHeader::from(log, text_at(record.json, "path").value_or(""));
    whole_log(log, record);
    if (samples == nullptr || samples->is_null()) return Ok{};
    for (std::size_t i = 0; i < samples->if_array()->size(); ++i) {
      const auto status = read_sample((*samples->if_array())[i], header_, record.line, sink);
      if (status) continue;
      core::Error why = status.error();
      why.message = events::join_path("samples", i) + ": " + why.message;
      fail(record.line, std::move(why));
    }
    return Ok{};
  }

  /// What is said about all samples together.
  void whole_log(const Json& log, const JsonRecord& record) const {
    SessionName name{header_.session_id(), {}, {}};
    if (name.id.empty()) {
      name.prefix = "inspect-";
      name.seed = "inspect\n" + dump(*log.find("eval")) + '\n' + std::to_string(record.repeat);
    }
    PieceBuilder out(record.line, std::move(name));
    out.piece().created_at = time_of(log.find("eval")->find("created"));
    if (!header_.task.empty()) out.piece().create.tags.emplace_back("task", header_.task);
    if (!header_.model.empty()) out.piece().create.tags.emplace_back("model", header_.model);
    const Json* stats = log.find("stats");
    const auto completed = stats == nullptr ? std::nullopt : time_of(stats->find("completed_at"));
    metrics(log, completed, out);
    Json::Object header = without(log, {"samples"});
    if (!header_.path.empty()) header.push_back({"path", header_.path});
    out.attach("header", "inspect.header", "eval", "settings and sums of the whole evaluation",
               Json(std::move(header)), completed);
    tell(out.take());
  }

  static void metrics(const Json& log, std::optional<core::Timestamp> time, PieceBuilder& out) {
    const Json* results = present(log, "results");
    const Json* scores = results == nullptr ? nullptr : results->find("scores");
    if (scores == nullptr || !scores->is_array()) return;
    for (const Json& score : *scores->if_array()) {
      const std::string name = text_at(score, "name").value_or("score");
      const Json* list = score.find("metrics");
      if (list == nullptr || !list->is_object()) continue;
      for (const Json::Member& metric : *list->if_object()) {
        const std::string id = name + "." + metric.key;
        for (auto& each : inspect::scores_of(id, metric.value, id)) {
          if (!is_score_value(each.value)) continue;  // it stands in the header that is attached
          each.evaluator = text_at(score, "scorer");
          each.metadata.reset();  // likewise, and versions of the tool write it differently
          out.step(std::move(each), time);
        }
      }
    }
  }

  LogHeader header_;
};

}  // namespace

std::unique_ptr<Reader> inspect_reader(ReaderEvents events) {
  return std::make_unique<InspectReader>(std::move(events));
}

bool is_inspect(const Json& record) {
  const Json* wrapped = record.find("log");
  const Json& log = wrapped == nullptr ? record : *wrapped;
  const Json* eval = log.find("eval");
  return eval != nullptr && eval->find("task") != nullptr;
}

}  // namespace hansard::importers
