#include "formats/codex.h"

#include <algorithm>
#include <array>
#include <utility>
#include <variant>

#include "events/dialects/openai/responses.h"
#include "formats/codex_tokens.h"
#include "formats/echoes.h"
#include "formats/session_flow.h"
#include "formats/steps.h"

namespace hansard::importers {

namespace {

using events::Json;
using events::openai::ItemKind;
using Time = std::optional<core::Timestamp>;

/// One record of a rollout.
struct Line {
  std::string type;  ///< `response_item` for a bare item; empty for a bare first line
  const Json* whole = nullptr;
  const Json* payload = nullptr;
  Time time;
};

bool is_bare_beginning(const Json& record) {
  return text_at(record, "id") && text_at(record, "timestamp") && record.find("type") == nullptr &&
         record.find("role") == nullptr;
}

/// Texts of a message, or of a reasoning item.
std::vector<std::string> texts_of(const Json& item) {
  std::vector<std::string> texts;
  std::string joined;
  for (const std::string_view key : {"content", "summary"}) {
    const Json* list = item.find(key);
    if (list == nullptr || !list->is_array()) continue;
    for (const Json& part : *list->if_array()) {
      auto text = text_at(part, "text");
      if (!text) continue;
      joined += *text;
      texts.push_back(*std::move(text));
    }
  }
  if (texts.size() > 1) texts.push_back(std::move(joined));
  return texts;
}

class CodexReader final : public Reader {
 public:
  explicit CodexReader(ReaderEvents events) : events_(std::move(events)) {}

  void take(SourceRecord record) override {
    ++place_;
    if (!record.problem.empty()) {
      return events_.failed(record.line, {core::Errc::invalid_argument, record.problem});
    }
    auto json = events::parse_json(record.text);
    if (!json) return events_.failed(record.line, std::move(json).error());
    if (!json->is_object()) {
      return events_.failed(record.line, events::bad_field("", "expected an object"));
    }
    const Line line = line_of(*json);
    if (!flow_) begin(line, record);
    flow_->at(record.line, record.text.size());
    if (line.type != "begun") read(line);
  }

  void finish() override {
    if (!flow_) return;
    close_answer();
    if (early_) {
      attach(*early_->record, "codex.token_count", "no answer follows the count", early_->time);
    }
    for (Echoes::Record& each : echoes_.take()) {
      // Its item may be what the file will go on with.
      if (each.place > last_other_) {
        flow_->left_out(std::move(each.path), "its item may follow when the file goes on");
      } else {
        attach_echo(std::move(each));
      }
    }
    flow_->finish();
  }

 private:
  /// Usage told before the answer it belongs to.
  struct Early {
    CallUsage usage;
    std::uint64_t place = 0;
    Time time;
    std::optional<Json> record;
  };

  static Line line_of(const Json& json) {
    Line line;
    line.whole = &json;
    line.time = time_of(json.find("timestamp"));
    const Json* payload = json.find("payload");
    auto type = text_at(json, "type");
    if (type && payload != nullptr) {
      line.type = *std::move(type);
      line.payload = payload;
    } else if (events::openai::item_kind(json) != ItemKind::unknown) {
      line.type = "response_item";
      line.payload = &json;
    } else {
      line.type = type.value_or("");
      line.payload = &json;
    }
    return line;
  }

  [[nodiscard]] std::string path() const { return "record " + std::to_string(place_); }
  [[nodiscard]] std::string name(std::string_view prefix) const {
    return std::string(prefix) + std::to_string(place_);
  }

  void begin(const Line& line, const SourceRecord& record) {
    const bool meta = (line.type == "session_meta" && line.payload->is_object()) ||
                      is_bare_beginning(*line.whole);
    Piece first;
    first.create.source = "import";
    if (!meta) {
      first.session.prefix = "codex-";
      first.session.seed = record.text;
      flow_.emplace(std::move(first), events_.piece);
      return;
    }
    begun_ = *line.payload;
    const Json& payload = begun_;
    if (auto id = id_at(payload, "id")) {
      first.session.id = *std::move(id);
    } else {
      first.session.prefix = "codex-";
      first.session.seed = record.text;
    }
    first.created_at = time_of(payload.find("timestamp"));
    if (!first.created_at) first.created_at = line.time;
    first.create.app = text_at(payload, "originator");
    Json::Object rest = without(payload, {"id", "instructions"});
    const auto instructions = text_at(payload, "instructions");
    if (!instructions && present(payload, "instructions") != nullptr) {
      rest.push_back({"instructions", *payload.find("instructions")});
    }
    if (!rest.empty()) first.create.metadata = Json(std::move(rest));
    provider_ = text_at(payload, "model_provider");
    const Time time = line.time ? line.time : first.created_at;
    flow_.emplace(std::move(first), events_.piece);
    flow_->at(record.line, record.text.size());
    if (instructions || provider_) {
      events::ConfigureSession settings;
      settings.idempotency_key = name("session_meta:");
      settings.system = instructions;
      settings.provider = provider_;
      flow_->step(std::move(settings), time);
    }
  }

  void read(const Line& line) {
    const std::uint64_t other = std::exchange(last_other_, place_);
    if (line.type == "response_item") return read_item(line);
    if (line.type == "event_msg" && line.payload->is_object()) {
      const auto kind = text_at(*line.payload, "type").value_or("");
      if (read_echo(kind, line)) {
        last_other_ = other;
        return;
      }
      return read_event(kind, line);
    }
    if (line.type == "turn_context" && line.payload->is_object()) return read_context(line);
    if (line.type == "compacted") return read_compacted(line);
    const bool beginning = line.type == "session_meta" || is_bare_beginning(*line.whole);
    if (beginning && begun_.is_object() && same_tree(begun_, *line.payload)) return;
    attach(*line.whole, "codex." + (line.type.empty() ? "record" : line.type),
           beginning ? "another beginning" : "a kind of record with no event of its own",
           line.time);
  }

  void read_item(const Line& line) {
    const Json& item = *line.payload;
    const ItemKind kind = events::openai::item_kind(item);
    core::Status status = core::Ok{};
    switch (kind) {
      case ItemKind::answer:
        status = read_answer(item, line.time);
        break;
      case ItemKind::message:
        status = read_message(item, line.time);
        break;
      case ItemKind::result:
        status = read_result(item, line.time);
        break;
      case ItemKind::unknown:
        attach(*line.whole, "codex." + text_at(item, "type").value_or("item"),
               "an item with no event of its own", line.time);
        return;
    }
    if (!status) {
      attach(*line.whole, "codex.item", status.error().message, line.time);
      return;
    }
    if (kind == ItemKind::result) return;
    for (const std::string& text : texts_of(item)) echoes_.said(text);
  }

  core::Status read_answer(const Json& item, Time time) {
    const bool begins = !items_.answering();
    auto status = items_.add(item, {name("m"), name("c")}, "payload");
    if (!status) return status;
    if (begins) answer_usage_ = std::exchange(early_, std::nullopt);
    answer_time_ = time;
    if (auto call = text_at(item, "call_id")) call_times_.emplace_back(*std::move(call), time);
    return core::Ok{};
  }

  core::Status read_message(const Json& item, Time time) {
    auto sent = events::openai::ItemReader::read_message(item, name("m"), "payload");
    if (!sent) return std::move(sent).error();
    close_answer();
    flow_->message(*std::move(sent), time);
    return core::Ok{};
  }

  core::Status read_result(const Json& item, Time time) {
    close_answer();
    auto result = items_.read_result(item, name("m"), "payload");
    if (!result) return std::move(result).error();
    const Json* output = item.find("output");
    const Json* success = output == nullptr ? nullptr : output->find("success");
    const bool* fine = success == nullptr ? nullptr : success->if_boolean();
    result->duration_us = duration_of(output);
    if (fine == nullptr || *fine) {
      flow_->message(*std::move(result), time);
      return core::Ok{};
    }
    events::FailTool failed;
    failed.tool_call_id = std::move(result->tool_call_id);
    failed.message_id = std::move(result->message_id);
    failed.index = result->index;
    failed.tool = std::move(result->tool);
    failed.result_id = std::move(result->result_id);
    failed.duration_us = result->duration_us;
    failed.error = std::move(result->output);
    failed.extra = std::move(result->extra);
    flow_->message(std::move(failed), time);
    return core::Ok{};
  }

  /// Some tools answer with a text of JSON that says how long they took.
  static std::optional<std::uint64_t> duration_of(const Json* output) {
    const std::string* text = output == nullptr ? nullptr : output->if_string();
    if (text == nullptr || !text->starts_with('{')) return std::nullopt;
    const auto json = events::parse_json(*text);
    const Json* metadata = json ? json->find("metadata") : nullptr;
    return metadata == nullptr ? std::nullopt : microseconds(metadata->find("duration_seconds"));
  }

  void close_answer() {
    if (!items_.answering()) return;
    auto steps = items_.end_answer();
    auto& answer = std::get<events::RecordResponse>(steps.front());
    answer.model = model_;
    answer.provider = provider_;
    answer.may_have_grown = true;
    if (answer_usage_) add_usage(answer, std::exchange(answer_usage_, std::nullopt)->usage);
    flow_->answer(timed(std::move(steps)));
  }

  /// A call keeps the time of its item also when more items of the answer come.
  std::vector<events::RecordedStep> timed(std::vector<events::SessionStep> steps) {
    std::vector<events::RecordedStep> out;
    const auto times = std::exchange(call_times_, {});
    auto next = times.begin();
    for (events::SessionStep& step : steps) {
      Time time = answer_time_;
      if (const auto* call = std::get_if<events::CallTool>(&step)) {
        next = std::find_if(next, times.end(),
                            [&](const auto& each) { return each.first == call->tool_call_id; });
        if (next != times.end()) time = (next++)->second;
      }
      out.push_back(at_time(std::move(step), time));
    }
    return out;
  }

  /// @return true when the event repeats an item, or will be judged as one that should.
  bool read_echo(std::string_view kind, const Line& line) {
    static constexpr std::array<std::pair<std::string_view, std::string_view>, 4> kTexts{
        {{"user_message", "message"},
         {"agent_message", "message"},
         {"agent_reasoning", "text"},
         {"agent_reasoning_raw_content", "text"}}};
    for (const auto& [repeating, key] : kTexts) {
      if (kind != repeating) continue;
      const auto text = text_at(*line.payload, key);
      if (!text) return false;
      auto oldest = echoes_.repeated({name("r"), path(), 0, place_, *line.whole, line.time}, *text);
      if (oldest) attach_echo(*std::move(oldest));
      return true;
    }
    return false;
  }

  void read_event(std::string_view kind, const Line& line) {
    if (kind == "token_count") return read_tokens(line);
    if (kind == "error") {
      close_answer();
      events::FailResponse failed;
      failed.call_id = name("c");
      failed.model = model_;
      failed.provider = provider_;
      failed.error = *line.payload;
      flow_->step(std::move(failed), line.time);
      return;
    }
    if (kind == "turn_aborted" || kind == "task_complete") end_turn(kind);
    attach(*line.whole, "codex." + std::string(kind.empty() ? "event_msg" : kind),
           "an event of the program, not of the conversation", line.time);
  }

  void read_tokens(const Line& line) {
    if (tokens_.repeats(*line.payload)) return;
    auto used = tokens_.read(*line.payload);
    if (!used) {
      attach(*line.whole, "codex.token_count", "counts no new tokens", line.time);
      return;
    }
    // Counted before its items came: then this count is of the next answer.
    const bool counted = items_.answering() && answer_usage_;
    close_answer();
    if (flow_->waiting() && !counted) {
      flow_->usage(*std::move(used));
      return;
    }
    if (early_) fail_early(events::FailureReason::truncated);
    early_ = Early{*std::move(used), place_, line.time, *line.whole};
  }

  /// A call whose tokens were counted has left nothing else.
  void fail_early(events::FailureReason reason) {
    events::FailResponse failed;
    failed.call_id = "c" + std::to_string(early_->place);
    failed.reason = reason;
    failed.model = model_;
    failed.provider = provider_;
    failed.usage = early_->usage.usage;
    failed.raw_usage = std::move(early_->usage.raw);
    failed.usage_source = events::UsageSource::imported;
    failed.metadata = std::move(early_->usage.metadata);
    flow_->step(std::move(failed), early_->time);
    early_.reset();
  }

  void end_turn(std::string_view kind) {
    close_answer();
    if (early_) {
      fail_early(kind == "turn_aborted" ? events::FailureReason::cancelled
                                        : events::FailureReason::truncated);
    }
  }

  void read_context(const Line& line) {
    if (context_.is_object() && same_tree(context_, *line.payload)) return;
    context_ = *line.payload;
    close_answer();
    model_ = text_at(context_, "model");
    events::ConfigureSession settings;
    settings.idempotency_key = name("turn_context:");
    settings.model = model_;
    Json::Object rest = model_ ? without(context_, {"model"}) : *context_.if_object();
    if (!rest.empty()) settings.settings = Json(std::move(rest));
    flow_->step(std::move(settings), line.time);
  }

  void read_compacted(const Line& line) {
    close_answer();
    const auto summary = text_at(*line.payload, "message");
    events::OptimizeContext optimized;
    optimized.idempotency_key = name("compacted:");
    optimized.strategy = "compaction";
    if (summary && !summary->empty()) {
      optimized.summary = events::Parts{events::Part::make_text(*summary)};
    }
    flow_->step(std::move(optimized), line.time);
    if (!without(*line.payload, {"message"}).empty() || !summary) {
      attach(*line.whole, "codex.compacted", "says what replaced the history", line.time);
    }
  }

  void attach(const Json& record, std::string_view kind, std::string_view reason, Time time) {
    flow_->attach(name("r"), kind, path(), reason, record, time);
  }

  void attach_echo(Echoes::Record record) {
    flow_->attach(std::move(record.id), "codex.event_msg", record.path,
                  "a text that no item near it has", std::move(record.json), record.time);
  }

  ReaderEvents events_;
  std::optional<SessionFlow> flow_;
  std::uint64_t place_ = 0;       ///< of the record being read, from 1
  std::uint64_t last_other_ = 0;  ///< of the last record that repeats no text
  Json begun_;                    ///< the first `session_meta`
  Json context_;                  ///< the latest `turn_context`
  std::optional<std::string> model_;
  std::optional<std::string> provider_;
  events::openai::ItemReader items_;
  Time answer_time_;
  std::vector<std::pair<std::string, Time>> call_times_;  ///< of its calls, by their ids
  std::optional<Early> answer_usage_;                     ///< of the answer being read
  std::optional<Early> early_;
  CodexTokens tokens_;
  Echoes echoes_;
};

}  // namespace

std::unique_ptr<Reader> codex_reader(ReaderEvents events) {
  return std::make_unique<CodexReader>(std::move(events));
}

bool is_codex(const Json& record) {
  const auto type = text_at(record, "type");
  if (type && record.find("payload") != nullptr && record.find("timestamp") != nullptr) {
    for (const std::string_view known :
         {"session_meta", "turn_context", "response_item", "event_msg", "compacted"}) {
      if (*type == known) return true;
    }
    return false;
  }
  return is_bare_beginning(record) && record.find("messages") == nullptr;
}

}  // namespace hansard::importers
