#include "formats/codex_exec.h"

#include <array>
#include <map>
#include <utility>

#include "events/dialects/openai/responses.h"
#include "formats/codex_tokens.h"
#include "formats/session_flow.h"
#include "formats/steps.h"

namespace hansard::importers {

namespace {

using events::Json;

/// Items that are calls of tools, and which of their members say what was asked. What came of it
/// stands under the first of `results` that is there.
struct CallKind {
  std::string_view type;
  std::array<std::string_view, 4> asked;
  std::array<std::string_view, 2> results;
};
constexpr CallKind kCalls[] = {
    {"command_execution", {"command"}, {"aggregated_output"}},
    {"file_change", {"changes"}, {}},
    {"mcp_tool_call", {"arguments"}, {"error", "result"}},
    {"collab_tool_call",
     {"tool", "prompt", "sender_thread_id", "receiver_thread_ids"},
     {"agents_states"}},
    {"web_search", {"query", "action"}, {}},
};

const CallKind* call_kind(std::string_view type) {
  for (const CallKind& kind : kCalls) {
    if (kind.type == type) return &kind;
  }
  return nullptr;
}

/// Early versions called it `item_type`.
std::string type_of(const Json& item) {
  auto type = text_at(item, "type");
  if (!type) type = text_at(item, "item_type");
  return type.value_or("");
}

bool has_failed(const Json& item) {
  const auto status = text_at(item, "status");
  return status == "failed" || status == "declined" || present(item, "error") != nullptr;
}

class CodexExecReader final : public Reader {
 public:
  explicit CodexExecReader(ReaderEvents events) : events_(std::move(events)) {}

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
    const std::string type = text_at(*json, "type").value_or("");
    if (type == "thread.started") {
      const auto thread = id_at(*json, "thread_id");
      if (flow_ && thread && thread == thread_) return;  // it was resumed
      end_thread();
      begin(thread, record);
    } else if (!flow_) {
      begin(std::nullopt, record);
    }
    flow_->at(record.line, record.text.size());
    read(type, *json);
  }

  void finish() override { end_thread(); }

 private:
  [[nodiscard]] std::string name(std::string_view prefix) const {
    return std::string(prefix) + std::to_string(place_);
  }

  void begin(const std::optional<std::string>& thread, const SourceRecord& record) {
    Piece first;
    first.line = record.line;
    first.create.source = "import";
    first.create.app = "codex_exec";
    if (thread && !thread->empty()) {
      first.session.id = *thread;
    } else {
      first.session.prefix = "codex-";
      first.session.seed = record.text;
    }
    thread_ = thread;
    total_ = {};
    flow_.emplace(std::move(first), events_.piece);
  }

  void end_thread() {
    if (!flow_) return;
    close_answer();
    for (auto& [id, open] : open_) {
      attach(open.place, "codex.item", "the item was never completed", open.record);
    }
    open_.clear();
    flow_->finish();
    flow_.reset();
  }

  void read(const std::string& type, const Json& record) {
    const Json* item = present(record, "item");
    if (type == "thread.started" || type == "turn.started") {
      // Nothing is said but that it began; what else stands there is kept.
      if (without(record, {"type", "thread_id"}).empty()) return;
    } else if (type == "turn.completed") {
      return end_turn(record);
    } else if (type == "turn.failed") {
      return fail_turn(record);
    } else if (item != nullptr && item->is_object()) {
      const std::string id = id_at(*item, "id").value_or(name("item"));
      if (type == "item.started" || type == "item.updated") {
        const auto [open, fresh] = open_.try_emplace(id, Open{place_, record});
        if (!fresh) open->second.record = record;
        return;
      }
      if (type == "item.completed") {
        open_.erase(id);
        return read_item(id, *item, record);
      }
    }
    attach(place_, "codex." + (type.empty() ? "record" : type),
           "a kind of record with no event of its own", record);
  }

  void read_item(const std::string& id, const Json& item, const Json& record) {
    const std::string type = type_of(item);
    const auto text = text_at(item, "text");
    const bool thought = type == "reasoning";
    // `assistant_message` is what early versions called it.
    if (text && (thought || type == "agent_message" || type == "assistant_message")) {
      add_part(thought ? events::Part::make_thinking(*text) : events::Part::make_text(*text));
      return;
    }
    if (const CallKind* kind = call_kind(type)) return read_call(*kind, id, item);
    attach(place_, "codex." + (type.empty() ? "item" : type), "an item with no event of its own",
           record);
  }

  void add_part(events::Part part) {
    if (!answer_) {
      answer_.emplace();
      answer_->call_id = name("c");
      answer_->message_id = name("m");
      // A file cut within a run of items gives a part of the answer.
      answer_->may_have_grown = true;
    }
    answer_->parts.push_back(std::move(part));
  }

  void read_call(const CallKind& kind, const std::string& id, const Json& item) {
    events::CallTool call;
    call.tool_call_id = id;
    call.index = 0;
    const auto tool = kind.type == "mcp_tool_call" ? text_at(item, "tool") : std::nullopt;
    call.tool = tool && !tool->empty() ? *tool : std::string(kind.type);
    Json::Object rest = without(item, {"id", "type", "item_type"});
    call.arguments = Json(Json::Object{});
    for (const std::string_view key : kind.asked) {
      const Json* said = key.empty() ? nullptr : item.find(key);
      if (said == nullptr) continue;
      if (key == "arguments") {
        call.arguments = *said;
      } else {
        call.arguments.add(std::string(key), *said);
      }
      std::erase_if(rest, [&](const Json::Member& member) { return member.key == key; });
    }
    add_part(events::Part::make_tool_call(id, 0));
    call.message_id = answer_->message_id;
    std::vector<events::RecordedStep> steps;
    steps.push_back(at_time(*std::exchange(answer_, std::nullopt), std::nullopt));
    steps.push_back(at_time(call, std::nullopt));
    flow_->answer(std::move(steps));
    answered_ = true;
    read_outcome(kind, call, item, std::move(rest));
  }

  /// What the item says of its result, and whatever else it says as metadata.
  void read_outcome(const CallKind& kind, const events::CallTool& call, const Json& item,
                    Json::Object rest) {
    if (kind.type == "web_search") return;  // its results are not told
    Json output;
    for (const std::string_view key : kind.results) {
      const Json* said = key.empty() ? nullptr : present(item, key);
      if (said == nullptr || !output.is_null()) continue;
      output = *said;
      std::erase_if(rest, [&](const Json::Member& member) { return member.key == key; });
    }
    const auto complete = [&](auto result, Json& value) {
      result.tool_call_id = call.tool_call_id;
      result.message_id = call.message_id;
      result.index = call.index;
      result.tool = call.tool;
      value = std::move(output);
      if (!rest.empty()) result.metadata = Json(std::move(rest));
      return result;
    };
    if (has_failed(item)) {
      events::FailTool failed;
      Json error;
      failed = complete(failed, error);
      failed.error = std::move(error);
      flow_->message(std::move(failed), std::nullopt);
    } else {
      events::CompleteTool done;
      Json value;
      done = complete(done, value);
      done.output = std::move(value);
      flow_->message(std::move(done), std::nullopt);
    }
  }

  void close_answer() {
    if (!answer_) return;
    std::vector<events::RecordedStep> steps;
    steps.push_back(at_time(*std::exchange(answer_, std::nullopt), std::nullopt));
    flow_->answer(std::move(steps));
    answered_ = true;
  }

  void end_turn(const Json& record) {
    close_answer();
    const Json* raw = present(record, "usage");
    const auto counts = codex_counts(raw);
    if (counts) {
      const events::openai::TokenCounts grown = codex_growth(total_, *counts);
      total_ = *counts;
      CallUsage usage{events::openai::disjoint_usage(grown), *raw, std::nullopt};
      Json whole;
      whole.add("usage_of", "turn");
      usage.metadata = std::move(whole);
      if (flow_->waiting() && answered_) {
        flow_->usage(std::move(usage));
      } else {
        fail(events::FailureReason::truncated, Json(), std::move(usage));
      }
    }
    answered_ = false;
    if (!counts || !without(record, {"type", "usage"}).empty()) {
      attach(place_, "codex.turn.completed", "counts no tokens, or says more", record);
    }
  }

  void fail_turn(const Json& record) {
    close_answer();
    const Json* error = present(record, "error");
    fail(events::FailureReason::error, error != nullptr ? *error : Json(), std::nullopt);
    answered_ = false;
  }

  void fail(events::FailureReason reason, Json error, std::optional<CallUsage> usage) {
    events::FailResponse failed;
    failed.call_id = name("c");
    failed.reason = reason;
    if (!error.is_null()) failed.error = std::move(error);
    if (usage) {
      failed.usage = usage->usage;
      failed.raw_usage = std::move(usage->raw);
      failed.usage_source = events::UsageSource::imported;
      failed.metadata = std::move(usage->metadata);
    }
    flow_->step(std::move(failed), std::nullopt);
  }

  void attach(std::uint64_t place, const std::string& kind, std::string_view reason,
              const Json& record) {
    const std::string at = std::to_string(place);
    flow_->attach("r" + at, kind, "record " + at, reason, record, std::nullopt);
  }

  /// An item that has begun.
  struct Open {
    std::uint64_t place = 0;
    Json record;
  };

  ReaderEvents events_;
  std::optional<SessionFlow> flow_;
  std::optional<std::string> thread_;
  std::uint64_t place_ = 0;  ///< of the record being read, from 1
  std::optional<events::RecordResponse> answer_;
  bool answered_ = false;  ///< within the turn
  events::openai::TokenCounts total_;
  std::map<std::string, Open> open_;
};

}  // namespace

std::unique_ptr<Reader> codex_exec_reader(ReaderEvents events) {
  return std::make_unique<CodexExecReader>(std::move(events));
}

bool is_codex_exec(const Json& record) {
  const auto type = text_at(record, "type");
  if (!type) return false;
  if (*type == "thread.started") return record.find("thread_id") != nullptr;
  const Json* item = present(record, "item");
  return (*type == "item.started" || *type == "item.completed") && item != nullptr &&
         !type_of(*item).empty();
}

}  // namespace hansard::importers
