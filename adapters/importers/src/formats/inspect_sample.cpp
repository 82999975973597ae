#include "formats/inspect_sample.h"

#include <algorithm>
#include <map>
#include <utility>
#include <variant>

#include "formats/inspect_parts.h"
#include "formats/steps.h"

namespace hansard::importers::inspect {

using core::Ok;
using core::Status;
using core::Timestamp;
using events::Json;

namespace {

const Json::Array& list_at(const Json& object, std::string_view key) {
  static const Json::Array kNone;
  const Json* value = object.find(key);
  return value == nullptr || !value->is_array() ? kNone : *value->if_array();
}

/// `openai/gpt-4o` -> openai and gpt-4o.
std::pair<std::optional<std::string>, std::string> split_model(const std::string& model) {
  const std::size_t slash = model.find('/');
  if (slash == std::string::npos) return {std::nullopt, model};
  return {model.substr(0, slash), model.substr(slash + 1)};
}

bool is_answer(const Json& message) { return text_at(message, "role") == "assistant"; }

std::optional<std::uint64_t> between(const std::optional<Timestamp>& begin,
                                     const std::optional<Timestamp>& end) {
  if (!begin || !end || *end < *begin) return std::nullopt;
  return static_cast<std::uint64_t>((*end - *begin).count());
}

/// One event of the log that asked a model.
struct ModelEvent {
  std::size_t index = 0;  ///< among the events
  Json json;              ///< attachments resolved
  bool used = false;      ///< an answer of the conversation is its
  [[nodiscard]] const Json* message(std::size_t choice) const {
    const Json* output = json.find("output");
    if (output == nullptr) return nullptr;
    const Json::Array& choices = list_at(*output, "choices");
    return choice < choices.size() ? choices[choice].find("message") : nullptr;
  }
};

class Sample {
 public:
  Sample(const Json& sample, const LogHeader& header, std::uint64_t line)
      : sample_(sample),
        header_(header),
        line_(line),
        attachments_(sample),
        messages_(list_at(sample, "messages")) {}

  void read(const std::function<void(Piece)>& tell) {
    find_events();
    PieceBuilder out = begin();
    const SessionName name = out.piece().session;
    for (std::size_t i = 0; i < messages_.size(); ++i) message(i, out);
    failures(out);
    scores(out);
    others(out);
    end(out);
    tell(out.take());
    std::size_t number = 0;
    for (const ModelEvent& event : calls_) {
      if (!event.used) tell(outside(event, name, number++));
    }
  }

 private:
  const Json::Array& events() const {
    const Json* transcript = sample_.find("transcript");
    return transcript == nullptr ? list_at(sample_, "events") : list_at(*transcript, "events");
  }

  void find_events() {
    const Json::Array& all = events();
    for (std::size_t i = 0; i < all.size(); ++i) {
      const auto kind = text_at(all[i], "event");
      if (kind == "model") {
        calls_.push_back({i, attachments_.resolve(all[i])});
      } else if (kind == "tool") {
        if (auto id = text_at(all[i], "id")) tools_[*id].push_back(&all[i]);
      } else if (kind == "score" && !score_time_) {
        score_time_ = time_of(all[i].find("timestamp"));
      }
    }
  }

  [[nodiscard]] SessionName name() const {
    const std::string log = header_.session_id();
    const std::string place =
        id_at(sample_, "id").value_or("") + "-" + id_at(sample_, "epoch").value_or("");
    if (!log.empty()) return {log + "-" + place, {}, {}};
    if (auto uuid = text_at(sample_, "uuid")) return {*uuid, {}, {}};
    return {{},
            "inspect-" + place + "-",
            "inspect\n" + place + '\n' + (messages_.empty() ? "" : dump(messages_.front()))};
  }

  PieceBuilder begin() {
    PieceBuilder out(line_, name());
    auto& create = out.piece().create;
    const auto tag = [&](std::string key, const std::string& value) {
      if (!value.empty()) create.tags.emplace_back(std::move(key), value);
    };
    tag("task", header_.task);
    tag("model", header_.model);
    tag("sample", id_at(sample_, "id").value_or(""));
    tag("epoch", id_at(sample_, "epoch").value_or(""));
    create.metadata = Json(without(sample_, {"messages", "output", "events", "transcript", "scores",
                                             "score", "attachments", "message_pool"}));
    const Json* started = present(sample_, "started_at");
    out.piece().created_at = time_of(started);
    if (!started && !events().empty()) {
      out.piece().created_at = time_of(events().front().find("timestamp"));
    }
    return out;
  }

  [[nodiscard]] std::string message_id(std::size_t index) const {
    return text_at(messages_[index], "id").value_or("m" + std::to_string(index));
  }

  void message(std::size_t index, PieceBuilder& out) {
    const Json resolved = attachments_.resolve(messages_[index]);
    const std::string path = events::join_path("messages", index);
    ModelEvent* asked = is_answer(resolved) ? event_of(resolved) : nullptr;
    const std::string id = message_id(index);
    if (asked != nullptr) request("call:" + id, *asked, out);
    Json said = openai_message(resolved);
    auto added = out.message(said, id, path);
    for (events::RecordedStep& step : added) complete(step, resolved, index, asked);
    if (asked != nullptr) other_choices(*asked, id, out);
  }

  /// The event an answer comes from: by id, else by what it says; each event once, in order.
  ModelEvent* event_of(const Json& message) {
    const auto id = text_at(message, "id");
    for (ModelEvent& event : calls_) {
      const Json* said = event.message(0);
      if (event.used || said == nullptr) continue;
      const auto its = text_at(*said, "id");
      const Json* one = said->find("content");
      const Json* other = message.find("content");
      const bool same =
          id && its ? *id == *its : one != nullptr && other != nullptr && same_tree(*one, *other);
      if (!same) continue;
      event.used = true;
      return &event;
    }
    return nullptr;
  }

  static std::optional<Timestamp> asked_at(const ModelEvent& event) {
    return time_of(event.json.find("timestamp"));
  }
  static std::optional<Timestamp> answered_at(const ModelEvent& event) {
    const auto completed = time_of(event.json.find("completed"));
    return completed ? completed : asked_at(event);
  }

  static void request(const std::string& call_id, const ModelEvent& event, PieceBuilder& out) {
    events::RequestResponse asked;
    asked.call_id = call_id;
    const auto [provider, model] = split_model(text_at(event.json, "model").value_or(""));
    asked.provider = provider;
    if (!model.empty()) asked.model = model;
    if (const Json* tools = event.json.find("tools"); tools != nullptr && tools->is_array()) {
      if (!tools->if_array()->empty()) asked.tools = *tools;
    }
    Json parameters = Json::Object{};
    if (const Json* config = event.json.find("config"); config != nullptr && config->is_object()) {
      parameters = *config;
    }
    if (const Json* choice = present(event.json, "tool_choice")) {
      parameters.add("tool_choice", *choice);
    }
    if (!parameters.if_object()->empty()) asked.parameters = std::move(parameters);
    Json::Object rest =
        without(event.json, {"event", "model", "tools", "config", "tool_choice", "input",
                             "input_refs", "output", "call", "timestamp", "completed",
                             // A clock of the process that wrote the log.
                             "working_start"});
    if (!rest.empty()) asked.metadata = Json(std::move(rest));
    out.step(std::move(asked), asked_at(event));
  }

  /// What the source says about a message besides what was said.
  void complete(events::RecordedStep& step, const Json& message, std::size_t index,
                const ModelEvent* asked) {
    if (auto* sent = std::get_if<events::SendMessage>(&step.step)) {
      name_thinking(sent->parts);
    } else if (auto* answer = std::get_if<events::RecordResponse>(&step.step)) {
      name_thinking(answer->parts);
      if (asked != nullptr) {
        finish(*answer, *asked->json.find("output"), asked);
        step = at_time(std::move(step.step), answered_at(*asked));
      } else if (const Json* output = own_output(message, index)) {
        finish(*answer, *output, nullptr);
      } else if (auto model = text_at(message, "model")) {
        answer->model = model;
      }
    } else if (auto* call = std::get_if<events::CallTool>(&step.step)) {
      const auto events = tools_.find(call->tool_call_id);
      if (events == tools_.end() || events->second.empty()) return;
      step = at_time(std::move(step.step), time_of(events->second.front()->find("timestamp")));
    } else if (auto* result = std::get_if<events::CompleteTool>(&step.step)) {
      returned(step, *result, message);
    }
  }

  /// The sample's `output`, for its last answer.
  [[nodiscard]] const Json* own_output(const Json& message, std::size_t index) {
    const bool last = std::none_of(messages_.begin() + static_cast<std::ptrdiff_t>(index) + 1,
                                   messages_.end(), is_answer);
    const Json* output = present(sample_, "output");
    if (!last || output == nullptr) return nullptr;
    const Json::Array& choices = list_at(*output, "choices");
    if (choices.empty()) return nullptr;
    const Json* said = choices.front().find("message");
    const Json* content = said == nullptr ? nullptr : said->find("content");
    const Json* own = message.find("content");
    const bool same =
        content != nullptr && own != nullptr && same_tree(attachments_.resolve(*content), *own);
    return same ? output : nullptr;
  }

  void finish(events::RecordResponse& answer, const Json& output, const ModelEvent* asked) const {
    const std::string configured =
        asked != nullptr ? text_at(asked->json, "model").value_or("") : header_.model;
    answer.provider = split_model(configured).first;
    answer.model = text_at(output, "model");
    const Json::Array& choices = list_at(output, "choices");
    if (!choices.empty()) {
      if (const auto word = text_at(choices.front(), "stop_reason")) {
        answer.finish_reason = finish_reason_of(*word);
        answer.finish_reason_raw = word;
      }
    }
    if (const Json* usage = present(output, "usage"); usage != nullptr && usage->is_object()) {
      answer.usage = usage_of(*usage);
      answer.raw_usage = *usage;
      answer.usage_source = events::UsageSource::imported;
    }
    answer.latency_us = microseconds(output.find("time"));
    if (asked == nullptr) return;
    if (!answer.latency_us) {
      answer.latency_us = between(asked_at(*asked), time_of(asked->json.find("completed")));
    }
    if (const Json* call = present(asked->json, "call"); call != nullptr && call->is_object()) {
      Json metadata;
      metadata.add("call", call_without_messages(*call));
      answer.metadata = std::move(metadata);
    }
    if (text_at(asked->json, "cache") == "read") answer.served_from = events::ServedFrom::cache;
  }

  static void other_choices(const ModelEvent& asked, const std::string& id, PieceBuilder& out) {
    for (std::size_t choice = 1; asked.message(choice) != nullptr; ++choice) {
      const Json& said = *asked.message(choice);
      const std::string own = text_at(said, "id").value_or(id + ".choice" + std::to_string(choice));
      for (auto& step :
           out.message(openai_message(said), own,
                       "events[" + std::to_string(asked.index) + "].output", answered_at(asked))) {
        auto* answer = std::get_if<events::RecordResponse>(&step.step);
        if (answer == nullptr) continue;
        answer->call_id = "call:" + id;
        answer->choice = static_cast<std::uint32_t>(choice);
        name_thinking(answer->parts);
      }
    }
  }

  void returned(events::RecordedStep& step, const events::CompleteTool& result,
                const Json& message) {
    std::optional<Timestamp> time;
    std::optional<std::uint64_t> duration;
    auto events = tools_.find(result.tool_call_id);
    if (events != tools_.end() && !events->second.empty()) {
      const Json& event = *events->second.front();
      events->second.erase(events->second.begin());
      time = time_of(event.find("completed"));
      duration = between(time_of(event.find("timestamp")), time);
      if (!duration) duration = microseconds(event.find("working_time"));
    }
    const Json* error = present(message, "error");
    events::SessionStep changed = result;
    if (error != nullptr) {
      events::FailTool failed;
      failed.tool_call_id = result.tool_call_id;
      failed.message_id = result.message_id;
      failed.index = result.index;
      failed.tool = result.tool ? result.tool : text_at(message, "function");
      failed.result_id = result.result_id;
      failed.duration_us = duration;
      failed.error_type = text_at(*error, "type");
      failed.error = *error;
      failed.extra = result.extra;
      if (const Json* content = present(message, "content")) {
        failed.metadata = Json(Json::Object{{"content", *content}});
      }
      changed = std::move(failed);
    } else {
      auto& completed = std::get<events::CompleteTool>(changed);
      completed.duration_us = duration;
      if (!completed.tool) completed.tool = text_at(message, "function");
    }
    step = at_time(std::move(changed), time);
  }

  /// Calls that ended without any answer.
  void failures(PieceBuilder& out) {
    for (ModelEvent& event : calls_) {
      if (event.used || event.message(0) != nullptr || present(event.json, "error") == nullptr) {
        continue;
      }
      event.used = true;
      const std::string call_id = "event" + std::to_string(event.index);
      request(call_id, event, out);
      events::FailResponse failed;
      failed.call_id = call_id;
      const auto [provider, model] = split_model(text_at(event.json, "model").value_or(""));
      failed.provider = provider;
      if (!model.empty()) failed.model = model;
      failed.error = *event.json.find("error");
      out.step(std::move(failed), answered_at(event));
    }
  }

  void scores(PieceBuilder& out) const {
    if (const Json* all = present(sample_, "scores"); all != nullptr && all->is_object()) {
      for (const Json::Member& score : *all->if_object()) judged(score.key, score.value, out);
    }
    if (const Json* one = present(sample_, "score")) judged("score", *one, out);
  }

  void judged(const std::string& name, const Json& score, PieceBuilder& out) const {
    for (auto& each : scores_of(name, score, name)) {
      if (!is_score_value(each.value)) {
        out.attach("score:" + name, "score", "scores." + each.name,
                   "a score that is no number, truth value or short category", score, score_time_);
        return;
      }
      each.evaluator = name;
      out.step(std::move(each), score_time_);
    }
  }

  /// Events that are no part of the conversation, and texts that the log does not have.
  void others(PieceBuilder& out) {
    const Json::Array& all = events();
    for (std::size_t i = 0; i < all.size(); ++i) {
      const std::string kind = text_at(all[i], "event").value_or("unknown");
      if (kind == "model" || (kind == "tool" && !unmatched(all[i]))) continue;
      out.attach("event" + std::to_string(i), "inspect." + kind, events::join_path("events", i),
                 "an event of the log that is no message, call or result: " + kind, all[i],
                 time_of(all[i].find("timestamp")));
    }
    for (const std::string& name : attachments_.missing()) {
      out.piece().unplaced.push_back({"attachments", name + " is not in the log"});
    }
  }

  [[nodiscard]] bool unmatched(const Json& event) const {
    const auto id = text_at(event, "id");
    if (!id) return true;
    const auto left = tools_.find(*id);
    return left != tools_.end() &&
           std::find(left->second.begin(), left->second.end(), &event) != left->second.end();
  }

  void end(PieceBuilder& out) const {
    const Json* error = present(sample_, "error");
    const Json* limit = present(sample_, "limit");
    if (error == nullptr && limit == nullptr && header_.status != "success") return;
    events::EndSession end;
    end.reason = error != nullptr ? "error" : limit != nullptr ? "limit" : "completed";
    if (error != nullptr) end.comment = text_at(*error, "message");
    if (error == nullptr && limit != nullptr) end.comment = dump(*limit);
    out.step(std::move(end), time_of(sample_.find("completed_at")));
  }

  /// A call beside the conversation, with what it was sent.
  Piece outside(const ModelEvent& event, const SessionName& of, std::size_t number) {
    SessionName name = of;
    const std::string suffix = "-call" + std::to_string(number);
    if (!name.id.empty()) name.id += suffix;
    if (!name.seed.empty()) name.seed += suffix;
    PieceBuilder out(line_, std::move(name));
    out.piece().create.tags.emplace_back("task", header_.task);
    if (!of.id.empty()) out.piece().create.tags.emplace_back("called_by", of.id);
    out.piece().created_at = asked_at(event);
    const std::string path = events::join_path("events", event.index);
    const Json::Array input = input_of(event);
    for (std::size_t i = 0; i < input.size(); ++i) {
      for (auto& step : out.message(openai_message(input[i]), "m" + std::to_string(i),
                                    path + events::join_path(".input", i))) {
        if (auto* sent = std::get_if<events::SendMessage>(&step.step)) name_thinking(sent->parts);
      }
    }
    const std::string id = "m" + std::to_string(input.size());
    request("call:" + id, event, out);
    const Json* said = event.message(0);
    if (said == nullptr) {
      out.attach("event", "inspect.model", path, "a model event without an answer", event.json);
      return out.take();
    }
    for (auto& step : out.message(openai_message(*said), id, path + ".output")) {
      auto* answer = std::get_if<events::RecordResponse>(&step.step);
      if (answer == nullptr) continue;
      name_thinking(answer->parts);
      finish(*answer, *event.json.find("output"), &event);
      step = at_time(std::move(step.step), answered_at(event));
    }
    other_choices(event, id, out);
    return out.take();
  }

  /// `input`, or the ranges of the message pool that newer logs name instead.
  Json::Array input_of(const ModelEvent& event) {
    Json::Array input = list_at(event.json, "input");
    const Json::Array& pool = list_at(sample_, "message_pool");
    for (const Json& range : list_at(event.json, "input_refs")) {
      const Json::Array* ends = range.if_array();
      if (ends == nullptr || ends->size() != 2) continue;
      const auto from = (*ends)[0].as_uint("input_refs");
      const auto to = (*ends)[1].as_uint("input_refs");
      if (!from || !to) continue;
      for (std::uint64_t i = *from; i < *to && i < pool.size(); ++i) {
        input.push_back(attachments_.resolve(pool[i]));
      }
    }
    return input;
  }

  const Json& sample_;
  const LogHeader& header_;
  std::uint64_t line_;
  Attachments attachments_;
  const Json::Array& messages_;
  std::vector<ModelEvent> calls_;
  std::map<std::string, std::vector<const Json*>> tools_;  ///< events by call id, not yet used
  std::optional<Timestamp> score_time_;
};

}  // namespace

Status read_sample(const Json& sample, const LogHeader& header, std::uint64_t line,
                   const std::function<void(Piece)>& tell) {
  if (!sample.is_object()) return events::bad_field("sample", "expected an object");
  const Json* messages = sample.find("messages");
  if (messages == nullptr || !messages->is_array()) {
    return events::bad_field("messages", "a sample needs a list of messages");
  }
  Sample(sample, header, line).read(tell);
  return Ok{};
}

}  // namespace hansard::importers::inspect
