#include "formats/swe_agent.h"

#include <map>
#include <utility>
#include <variant>

#include "formats/json_reader.h"
#include "formats/steps.h"

namespace hansard::importers {

namespace {

using core::Ok;
using core::Status;
using events::Json;

const Json::Array& list_at(const Json& object, std::string_view key) {
  static const Json::Array kNone;
  const Json* value = object.find(key);
  return value == nullptr || !value->is_array() ? kNone : *value->if_array();
}

bool same_text(const Json& a, std::string_view a_key, const Json& b, std::string_view b_key) {
  const auto one = text_at(a, a_key);
  return one && one == text_at(b, b_key);
}

bool is_answer(const Json& message) { return text_at(message, "role") == "assistant"; }

/// For every message of the history the step that led to it, and the steps that found none.
struct Matches {
  std::map<std::size_t, std::size_t> step_of;
  std::vector<std::size_t> unmatched;
};

/// In order: a step may skip answers, but never goes back.
Matches match(const Json::Array& steps, const Json::Array& history) {
  Matches matches;
  std::size_t from = 0;
  for (std::size_t i = 0; i < steps.size(); ++i) {
    std::size_t next = from;
    while (next < history.size() && !is_answer(history[next])) ++next;
    std::size_t found = next;
    while (found < history.size() && !(is_answer(history[found]) &&
                                       same_text(steps[i], "response", history[found], "content")))
      ++found;
    if (found == history.size() && next < history.size() &&
        same_text(steps[i], "action", history[next], "action")) {
      found = next;
    }
    if (found >= history.size()) {
      matches.unmatched.push_back(i);
      continue;
    }
    matches.step_of[found] = i;
    from = found + 1;
  }
  return matches;
}

class Trajectory {
 public:
  Trajectory(const Json& run, PieceBuilder& out)
      : history_(list_at(run, "history")),
        steps_(list_at(run, "trajectory")),
        matches_(match(steps_, history_)),
        out_(out) {}

  void read() {
    for (std::size_t i = 0; i < history_.size(); ++i) {
      message(i);
      const auto step = matches_.step_of.find(i);
      if (step != matches_.step_of.end()) window(step->second);
    }
    for (const std::size_t step : matches_.unmatched) {
      out_.attach("step" + std::to_string(step), "step", events::join_path("trajectory", step),
                  "a step that no answer of the history belongs to",
                  Json(without(steps_[step], {"messages"})));
      window(step);
    }
  }

 private:
  void message(std::size_t index) {
    Json message = history_[index];
    const Json::Array& ids = list_at(message, "tool_call_ids");
    if (text_at(message, "role") == "tool" && ids.size() == 1 &&
        message.find("tool_call_id") == nullptr) {
      Json id = ids.front();
      message = Json(without(message, {"tool_call_ids"}));
      message.add("tool_call_id", std::move(id));
    }
    const std::string id = "m" + std::to_string(index);
    auto added = out_.message(message, id, events::join_path("history", index));
    const auto step = matches_.step_of.find(index);
    if (added.empty() || step == matches_.step_of.end()) return;
    const bool calls = added.size() > 1;
    auto* said = std::get_if<events::RecordResponse>(&added.front().step);
    if (said == nullptr) return;
    const bool becomes_call =
        !calls && !text_at(steps_[step->second], "action").value_or("").empty();
    said->metadata = beside(step->second, index, becomes_call);
    if (becomes_call) action(step->second, id);
  }

  /// What a step says that its answer and its call (where it becomes one) do not.
  [[nodiscard]] Json beside(std::size_t step, std::size_t index, bool becomes_call) const {
    Json out;
    out.add("step", step);
    for (const Json::Member& member : *steps_[step].if_object()) {
      const bool in_call = member.key == "action" || member.key == "observation";
      if (member.key == "messages" || (becomes_call && in_call)) continue;
      const Json* known = history_[index].find(member.key == "response" ? "content" : member.key);
      if (known != nullptr && same_tree(*known, member.value)) continue;
      out.add(member.key, member.value);
    }
    return out;
  }

  void action(std::size_t step, const std::string& message_id) {
    events::CallTool call;
    call.tool_call_id = "step" + std::to_string(step);
    call.message_id = message_id;
    call.index = 0;
    call.tool = "action";
    call.arguments = *steps_[step].find("action");
    const std::string id = call.tool_call_id;
    out_.step(std::move(call));
    const Json* observation = steps_[step].find("observation");
    if (observation == nullptr) return;
    events::CompleteTool result;
    result.tool_call_id = id;
    result.message_id = message_id;
    result.index = 0;
    result.tool = "action";
    result.duration_us = microseconds(steps_[step].find("execution_time"));
    result.output = *observation;
    out_.step(std::move(result));
  }

  /// Messages sent at a step that differ from the history's: shortened outputs, mostly.
  void window(std::size_t step) {
    const Json::Array& sent = list_at(steps_[step], "messages");
    for (std::size_t i = 0; i < sent.size(); ++i) {
      if (i < history_.size() && same_tree(sent[i], history_[i])) continue;
      std::string text = std::to_string(i) + ' ' + dump(sent[i]);
      if (!sent_otherwise_.emplace(std::move(text), step).second) continue;
      Json raw;
      raw.add("step", step).add("index", i).add("message", sent[i]);
      out_.attach("step" + std::to_string(step) + ".message" + std::to_string(i), "sent_message",
                  events::join_path("trajectory", step) + events::join_path(".messages", i),
                  "sent to the model in another form than the history has it", raw);
    }
  }

  const Json::Array& history_;
  const Json::Array& steps_;
  Matches matches_;
  PieceBuilder& out_;
  std::map<std::string, std::size_t> sent_otherwise_;
};

class SweAgentReader final : public JsonReader {
 public:
  using JsonReader::JsonReader;

 private:
  Status read(const JsonRecord& record) override {
    const Json* wrapped = record.json.find("traj");
    const Json& run = wrapped == nullptr ? record.json : *wrapped;
    const Json* history = run.find("history");
    if (history == nullptr || !history->is_array() || history->if_array()->empty()) {
      return events::bad_field("history", "expected a list of messages that is not empty");
    }
    for (std::size_t i = 0; i < list_at(run, "trajectory").size(); ++i) {
      if (list_at(run, "trajectory")[i].is_object()) continue;
      return events::bad_field(events::join_path("trajectory", i), "expected an object");
    }
    PieceBuilder out(record.line, name(record, *history->if_array()));
    Json::Object rest = without(run, {"history", "trajectory"});
    if (const auto path = text_at(record.json, "path")) rest.push_back({"path", *path});
    if (!rest.empty()) out.piece().create.metadata = Json(std::move(rest));
    Trajectory(run, out).read();
    end(run, out);
    tell(out.take());
    return Ok{};
  }

  /// A run has no id. Its path tells it from others; without one, how it begins: up to the first
  /// answer, since runs of one problem share what comes before.
  static SessionName name(const JsonRecord& record, const Json::Array& history) {
    std::string seed = "swe_agent\n" + std::to_string(record.repeat) + '\n' +
                       text_at(record.json, "path").value_or("");
    for (const Json& message : history) {
      seed += '\n';
      dump_to(message, seed);
      if (is_answer(message)) break;
    }
    return {{}, "swe-agent-", std::move(seed)};
  }

  static void end(const Json& run, PieceBuilder& out) {
    const Json* info = run.find("info");
    const auto status = info == nullptr ? std::nullopt : text_at(*info, "exit_status");
    if (!status || status->empty()) return;
    events::EndSession end;
    end.reason = identifier_of(*status);
    if (*end.reason != *status) end.comment = *status;
    out.step(std::move(end));
  }
};

}  // namespace

std::unique_ptr<Reader> swe_agent_reader(ReaderEvents events) {
  return std::make_unique<SweAgentReader>(std::move(events));
}

bool is_swe_agent(const Json& record) {
  const Json* wrapped = record.find("traj");
  const Json& run = wrapped == nullptr ? record : *wrapped;
  const Json* history = run.find("history");
  return history != nullptr && history->is_array();
}

}  // namespace hansard::importers
