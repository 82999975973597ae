#include "formats/langfuse_trace.h"

#include <algorithm>
#include <map>
#include <set>
#include <span>
#include <utility>
#include <variant>

#include "formats/langfuse_messages.h"
#include "formats/langfuse_observation.h"
#include "formats/steps.h"

namespace hansard::importers::langfuse {

using core::Timestamp;
using events::Json;

namespace {

constexpr std::size_t kTagsMax = 32;
/// A longer window is not named message by message.
constexpr std::size_t kWindowMax = 10'000;

/// What an answer asked for.
struct Asked {
  std::string tool_call_id;
  std::string tool;
  std::string message_id;
  std::uint32_t index = 0;
  Json arguments;
  bool closed = false;
  std::string result = {};  ///< as text, once closed by an observation
};

/// Text without white space around it.
std::string_view trimmed(std::string_view text) {
  constexpr std::string_view kSpace = " \t\r\n";
  const std::size_t begin = text.find_first_not_of(kSpace);
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(kSpace) - begin + 1);
}

std::string text_of(const Json& message) {
  const Json* content = message.find("content");
  if (content == nullptr) return {};
  if (const std::string* text = content->if_string()) return *text;
  if (content->is_null()) return {};
  std::string all;
  if (const Json::Array* parts = content->if_array()) {
    for (const Json& part : *parts) all += text_at(part, "text").value_or(dump(part));
    return all;
  }
  return dump(*content);
}

/// Two messages with one key are the same message told twice.
std::string key_of(const Json& message) {
  const std::string role = text_at(message, "role").value_or("");
  if (role == "tool") {
    if (auto id = text_at(message, "tool_call_id")) return "tool\n" + *id;
  }
  std::string key = role + '\n' + text_of(message);
  if (const Json* calls = message.find("tool_calls"); calls != nullptr && calls->is_array()) {
    for (const Json& call : *calls->if_array()) {
      const Json* function = call.find("function");
      if (function == nullptr) continue;
      const Json* arguments = function->find("arguments");
      key += '\n' + text_at(*function, "name").value_or("") + ' ' +
             (arguments == nullptr ? "" : dump(unpacked(*arguments)));
    }
  }
  return key;
}

class Trace {
 public:
  Trace(const Json& trace, const Json::Array& observations, std::uint64_t line)
      : trace_(trace),
        out_(line, {*id_at(trace, "id"), {}, {}}),
        observations_(ordered(observations)) {
    begin();
  }

  Piece read() {
    for (const Observation& each : observations_) {
      if (each.is_call()) {
        call(each);
      } else if (each.type == "TOOL" || (each.type == "SPAN" && asked_for(each.name))) {
        tool(each);
      }
    }
    for (const Observation& each : observations_) other(each);
    scores();
    return out_.take();
  }

 private:
  void begin() {
    auto& create = out_.piece().create;
    out_.piece().created_at = time_of(trace_.find("timestamp"));
    create.title = text_at(trace_, "name");
    create.user = text_at(trace_, "userId");
    const auto tag = [&](std::string key, const std::optional<std::string>& value) {
      if (value && !value->empty() && create.tags.size() < kTagsMax) {
        create.tags.emplace_back(std::move(key), *value);
      }
    };
    tag("langfuse_session", text_at(trace_, "sessionId"));
    tag("environment", text_at(trace_, "environment"));
    tag("release", text_at(trace_, "release"));
    tag("version", text_at(trace_, "version"));
    if (const Json* tags = trace_.find("tags"); tags != nullptr && tags->is_array()) {
      for (const Json& each : *tags->if_array()) {
        const std::string* text = each.if_string();
        const bool fits =
            text != nullptr && !text->empty() && text->size() <= events::kMaxIdentifierBytes;
        if (fits) tag(*text, "true");
      }
    }
    create.metadata = Json(without(trace_, {"id", "observations", "scores", "corrections"}));
  }

  // ---- model calls ----

  void call(const Observation& each) {
    const bool unfinished = !each.end && each.at("output").is_null() && !each.failed();
    const std::vector<std::string> window = sent(each);
    request(each, window);
    if (unfinished) return;
    if (each.failed()) return failure(each);
    Output output = read_output(each.at("output"));
    // `None` is how some write down that there is no text; a layer around may know more.
    const bool none = text_at(*each.json, "output") == "None";
    if ((!output.understood || none) && each.around != nullptr) {
      const Json* outer = each.around->find("output");
      Output known = outer == nullptr ? Output{} : read_output(*outer);
      if (known.understood) output = std::move(known);
    }
    if (!output.understood && !each.at("output").is_null()) {
      out_.attach(each.id + ":output", "langfuse.output", place(each) + ".output",
                  "an output in no known form", each.at("output"), each.end);
    }
    if (output.messages.empty()) {  // it ended and used tokens, whatever it said
      Json message;
      message.add("role", "assistant").add("content", nullptr);
      output.messages.push_back(std::move(message));
    }
    answers(each, output);
    represented_.insert(each.id);
  }

  /// Records what is new among the messages a call was sent. @return the ids of all of them.
  std::vector<std::string> sent(const Observation& each) {
    Input input = read_input(each.at("input"));
    if (!input.understood && each.around != nullptr) {
      const Json* outer = each.around->find("input");
      if (outer != nullptr) input = read_input(*outer);
    }
    if (!input.understood && !each.at("input").is_null()) {
      out_.attach(each.id + ":input", "langfuse.input", place(each) + ".input",
                  "an input in no known form", each.at("input"), each.start);
    }
    tools_ = std::move(input.tools);
    std::vector<std::string> window;
    std::map<std::string, std::size_t> used;
    for (std::size_t i = 0; i < input.messages.size(); ++i) {
      Json& message = input.messages[i];
      const std::string id = each.id + ".in" + std::to_string(i);
      name_call(message, id);
      const std::string key = key_of(message);
      std::vector<std::string>& known = known_[key];
      const std::size_t before = used[key]++;
      if (before < known.size()) {
        window.push_back(known[before]);
        continue;
      }
      const auto added = out_.message(message, id, place(each) + events::join_path(".input", i));
      if (added.empty()) continue;
      remember_calls(added);
      known.push_back(id);
      window.push_back(id);
    }
    return window;
  }

  /// A result that only names its tool belongs to the latest call of that tool; one that names
  /// nothing, to the latest call that returned the same.
  void name_call(Json& message, const std::string& id) const {
    if (text_at(message, "role") != "tool" || text_at(message, "tool_call_id")) return;
    const auto name = text_at(message, "name");
    const std::string text = text_of(message);
    const auto found = std::find_if(asked_.rbegin(), asked_.rend(), [&](const Asked& asked) {
      return name ? asked.tool == name : asked.closed && trimmed(asked.result) == trimmed(text);
    });
    message.add("tool_call_id", found != asked_.rend() ? found->tool_call_id : "no-call:" + id);
  }

  void request(const Observation& each, const std::vector<std::string>& window) {
    events::RequestResponse asked;
    asked.call_id = each.id;
    asked.model = text_at(*each.json, "model");
    asked.tools = std::move(tools_);
    tools_.reset();
    if (!window.empty() && window.size() <= kWindowMax) {
      asked.window.emplace();
      asked.window->message_ids = window;
    }
    if (const Json& parameters = each.at("modelParameters"); parameters.is_object()) {
      asked.parameters = parameters;
    }
    if (const auto prompt = text_at(*each.json, "promptName")) {
      asked.prompt = events::PromptRef{*prompt, {}};
      if (const auto version = count_at(*each.json, "promptVersion"))
        asked.prompt->version = *version;
    }
    out_.step(std::move(asked), each.start);
  }

  void failure(const Observation& each) {
    events::FailResponse failed;
    failed.call_id = each.id;
    failed.model = text_at(*each.json, "model");
    failed.latency_us = each.lasted();
    const Json& usage = each.at("usageDetails");
    if (usage.is_object() && !usage.if_object()->empty()) {
      failed.usage = usage_of(usage);
      failed.raw_usage = usage;
      failed.usage_source = events::UsageSource::imported;
    }
    if (const Json* status = present(*each.json, "statusMessage")) failed.error = *status;
    Json metadata = each.rest();
    if (!each.at("output").is_null()) metadata.add("output", each.at("output"));
    failed.metadata = std::move(metadata);
    out_.step(std::move(failed), each.end ? each.end : each.start);
    represented_.insert(each.id);
  }

  void answers(const Observation& each, const Output& output) {
    for (std::size_t choice = 0; choice < output.messages.size(); ++choice) {
      const Json& message = output.messages[choice];
      const std::string id = each.id + (choice == 0 ? "" : ".choice" + std::to_string(choice));
      const auto added = out_.message(message, id, place(each) + ".output", each.end);
      remember_calls(added);
      if (!added.empty()) known_[key_of(message)].push_back(id);
      // A dialogue written out shows an answer that only called tools as one without anything.
      const bool silent = text_of(message).empty() && message.find("tool_calls") != nullptr;
      if (!added.empty() && silent) known_["assistant\n"].push_back(id);
      for (events::RecordedStep& step : added) {
        auto* answer = std::get_if<events::RecordResponse>(&step.step);
        if (answer == nullptr) continue;
        answer->call_id = each.id;
        answer->choice = static_cast<std::uint32_t>(choice);
        answer->model = output.model.empty() ? text_at(*each.json, "model") : output.model;
        if (choice == 0) first_answer(each, output, *answer);
      }
    }
  }

  static void first_answer(const Observation& each, const Output& output,
                           events::RecordResponse& answer) {
    if (!output.finish_reason.empty()) {
      answer.finish_reason = finish_reason_of(output.finish_reason);
      answer.finish_reason_raw = output.finish_reason;
    }
    const Json& usage = each.at("usageDetails");
    if (usage.is_object() && !usage.if_object()->empty()) {
      answer.usage = usage_of(usage);
      answer.raw_usage = usage;
      answer.usage_source = events::UsageSource::imported;
    }
    answer.latency_us = each.lasted();
    answer.ttft_us = between(each.start, time_of(each.json->find("completionStartTime")));
    answer.metadata = each.rest();
  }

  void remember_calls(std::span<const events::RecordedStep> steps) {
    for (const events::RecordedStep& step : steps) {
      if (const auto* call = std::get_if<events::CallTool>(&step.step)) {
        asked_.push_back({call->tool_call_id, call->tool, call->message_id.value_or(""),
                          call->index.value_or(0), unpacked(call->arguments)});
      } else if (const auto* result = std::get_if<events::CompleteTool>(&step.step)) {
        for (Asked& asked : asked_) {
          if (asked.message_id == result->message_id && asked.index == result->index) {
            asked.closed = true;
          }
        }
      }
    }
  }

  // ---- tools ----

  [[nodiscard]] bool asked_for(const std::string& tool) const {
    return std::any_of(asked_.begin(), asked_.end(),
                       [&](const Asked& asked) { return asked.tool == tool && !asked.closed; });
  }

  /// The open call that an observation carried out: by the id its output names, else by tool and
  /// arguments, else the only open one of this tool.
  Asked* open_call(const Observation& each) {
    const Json output = unpacked(each.at("output"));
    const Json* kwargs = output.find("kwargs");
    const auto named = text_at(kwargs == nullptr ? output : *kwargs, "tool_call_id");
    const Json input = unpacked(each.at("input"));
    const Json* inner = input.find("input");
    Asked* only = nullptr;
    std::size_t open = 0;
    for (Asked& asked : asked_) {
      if (asked.closed) continue;
      if (named && *named == asked.tool_call_id) return &asked;
      if (asked.tool != each.name) continue;
      const bool same = same_tree(asked.arguments, input) ||
                        (inner != nullptr && same_tree(asked.arguments, unpacked(*inner)));
      if (same) return &asked;
      only = &asked;
      ++open;
    }
    return open == 1 ? only : nullptr;
  }

  void tool(const Observation& each) {
    Asked* asked = open_call(each);
    if (asked == nullptr && each.type != "TOOL") return;
    Asked own{each.id, each.name, each.id, 0, unpacked(each.at("input")), false};
    if (asked == nullptr) {
      events::CallTool called;
      called.tool_call_id = own.tool_call_id;
      called.message_id = own.message_id;
      called.index = 0;
      called.tool = each.name.empty() ? "unknown" : each.name;
      called.arguments = each.at("input");
      out_.step(std::move(called), each.start);
      asked = &own;
    }
    represented_.insert(each.id);
    if (!each.end && each.at("output").is_null() && !each.failed()) return;
    asked->closed = true;
    const std::string* text = each.at("output").if_string();
    asked->result = text != nullptr ? *text : dump(each.at("output"));
    known_["tool\n" + asked->tool_call_id].push_back(asked->message_id + ".result" +
                                                     std::to_string(asked->index));
    const auto fill = [&](auto result) {
      result.tool_call_id = asked->tool_call_id;
      result.message_id = asked->message_id;
      result.index = asked->index;
      result.tool = asked->tool;
      result.duration_us = each.lasted();
      result.metadata = each.rest();
      return result;
    };
    if (each.failed()) {
      auto failed = fill(events::FailTool{});
      const Json* status = present(*each.json, "statusMessage");
      failed.error = status != nullptr ? *status : each.at("output");
      out_.step(std::move(failed), each.end ? each.end : each.start);
    } else {
      auto result = fill(events::CompleteTool{});
      result.output = each.at("output");
      out_.step(std::move(result), each.end);
    }
  }

  // ---- the rest ----

  /// Not by number: exports of one trace list its observations in different orders.
  [[nodiscard]] static std::string place(const Observation& each) {
    return "observations[" + each.id + "]";
  }

  void other(const Observation& each) {
    if (each.is_call() || represented_.contains(each.id)) return;
    const bool wraps = each.type == "GENERATION";
    out_.attach(each.id, "langfuse." + identifier_of(each.type), place(each),
                wraps ? "a generation around another one: the same call, told by another layer"
                      : each.type + ": a step of the framework, no call of a model or tool",
                *each.json, each.start);
  }

  void scores() {
    for (const std::string_view list : {"scores", "corrections"}) {
      const Json* all = trace_.find(list);
      if (all == nullptr || !all->is_array()) continue;
      for (std::size_t i = 0; i < all->if_array()->size(); ++i) {
        const Json& each = (*all->if_array())[i];
        const std::string id = id_at(each, "id").value_or(std::to_string(i));
        const std::string path = "trace." + std::string(list) + "[" + id + "]";
        if (list == "scores" && score(each)) continue;
        out_.attach(id, "langfuse.score", path,
                    list == "scores" ? "a score without a number or a short category"
                                     : "a corrected output",
                    each, time_of(each.find("timestamp")));
      }
    }
  }

  bool score(const Json& json) {
    const auto id = id_at(json, "id");
    const auto name = text_at(json, "name");
    if (!id || !name || name->empty()) return false;
    events::RecordScore score;
    score.name = *name;
    const auto type = text_at(json, "dataType");
    const Json* value = json.find("value");
    const Json* word = present(json, "stringValue");
    if (type == "CATEGORICAL" && word != nullptr) value = word;
    if (value == nullptr || !is_score_value(*value)) return false;
    score.value = *value;
    if (type == "BOOLEAN" && value->is_number()) score.value = Json(dump(*value) != "0");
    // Judged anew is another judgement, so the value is part of what names it.
    score.score_id = *id + ":" + dump(score.value);
    if (const auto of = text_at(json, "observationId"); of && represented_.contains(*of)) {
      const auto found =
          std::find_if(observations_.begin(), observations_.end(),
                       [&](const Observation& each) { return each.id == *of && each.is_call(); });
      if (found != observations_.end()) {
        score.target_kind = events::TargetKind::call;
        score.target_id = *of;
      }
    }
    score.evaluator = text_at(json, "source");
    score.comment = text_at(json, "comment");
    Json metadata = Json::Object{};
    for (Json::Member& member : without(json, {"id", "name", "value", "source", "comment"})) {
      if (!member.value.is_null()) metadata.add(member.key, std::move(member.value));
    }
    score.metadata = std::move(metadata);
    out_.step(std::move(score), time_of(json.find("timestamp")));
    return true;
  }

  const Json& trace_;
  PieceBuilder out_;
  std::vector<Observation> observations_;                  ///< by start
  std::map<std::string, std::vector<std::string>> known_;  ///< message key -> ids, in order
  std::vector<Asked> asked_;
  std::set<std::string> represented_;  ///< ids of observations that became events
  std::optional<Json> tools_;          ///< of the call being read
};

}  // namespace

Piece read_trace(const Json& trace, const Json::Array& observations, std::uint64_t line) {
  return Trace(trace, observations, line).read();
}

}  // namespace hansard::importers::langfuse
