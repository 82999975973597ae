#include "formats/claude_code.h"

#include <array>
#include <map>
#include <utility>

#include "events/dialects/anthropic/messages.h"
#include "formats/claude_code_answer.h"
#include "formats/claude_code_line.h"
#include "formats/claude_code_tree.h"
#include "formats/json_reader.h"
#include "formats/steps.h"

namespace hansard::importers {

namespace {

using claude_code::Answer;
using claude_code::Line;
using claude_code::Node;
using claude_code::Session;
using claude_code::Tree;
using core::Ok;
using core::Status;
using events::Json;
using events::RecordedStep;

/// Lines before the first that names a session, or says something.
constexpr std::size_t kEarlyLinesMax = 256;
/// Steps of one piece, and of what waits for an answer to be whole.
constexpr std::size_t kStepsMax = 64;

bool says_something(const Line& line) {
  const bool role = line.type == "user" || line.type == "assistant";
  return role && line.message().is_object() && !line.flag("isMeta");
}

class ClaudeCodeReader final : public JsonReader {
 public:
  using JsonReader::JsonReader;

  void finish() override {
    for (const Line& line : early_) {
      fail(line.number, {core::Errc::invalid_argument,
                         "names no session, and no line of the file does: it was not recorded"});
    }
    if (!tree_) return;
    for (std::size_t session = 0; session < tree_->sessions(); ++session) flush(session);
    tell_piece();
  }

 private:
  /// A tool call on its way to its result.
  struct Call {
    std::string message;
    std::uint32_t index = 0;
    std::size_t node = 0;
    bool closed = false;
  };
  using CallKey = std::pair<std::size_t, std::string>;  ///< session, tool_call_id

  Status read(const JsonRecord& record) override {
    if (!record.json.is_object()) return events::bad_field("", "expected an object");
    Line line = Line::from(record.line, record.json);
    if (line.type.empty()) return events::bad_field("type", "expected a string");
    if (!tree_) {
      if (seed_.empty()) seed_ = "claude-code\n" + dump(record.json);
      const bool named = !line.session.empty() || says_something(line);
      if (!named && early_.size() < kEarlyLinesMax) {
        early_.push_back(std::move(line));
        return Ok{};
      }
      tree_.emplace(seed_, [this](std::size_t child, const Node& from, events::ForkReason reason,
                                  const Line& at) { forked(child, from, reason, at); });
      tree_->open(line);
      for (Line& each : std::exchange(early_, {})) {
        if (each.session.empty()) each.session = line.session;
        place(each);
      }
    }
    place(line);
    return Ok{};
  }

  void place(const Line& line) {
    const bool says = says_something(line);
    const std::size_t parent = tree_->parent_of(line, says);
    if (!says) return beside(line, parent);
    // Read once for its errors: what is no message must not become a place in the tree.
    const std::string id = message_id(line);
    auto steps = events::anthropic::read_message(line.message(), {id, "call:" + id}, "message");
    if (!steps) return attach(line, parent, steps.error().message);
    if (line.type == "user") return user(line, parent, *std::move(steps));
    if (line.flag("isApiErrorMessage")) return failure(line, parent);
    answer(line, parent, id);
  }

  static std::string message_id(const Line& line) {
    const auto id = line.type == "assistant" ? text_at(line.message(), "id") : std::nullopt;
    return id && !id->empty() ? *id : line.id();
  }

  // ---- what was said ----

  void user(const Line& line, std::size_t parent, std::vector<events::SessionStep> steps) {
    const bool message = std::holds_alternative<events::SendMessage>(steps.back());
    const std::size_t session = message ? tree_->enter(parent, line) : tree_->node(parent).session;
    if (message) flush(session);
    std::size_t beside = parent;
    bool noted = false;
    for (events::SessionStep& step : steps) {
      if (auto* sent = std::get_if<events::SendMessage>(&step)) {
        sent->metadata = line.rest(tree_->session(session).setting);
        beside = tree_->add(session, line, sent->message_id);
      } else {
        const auto place = bind(step, session);
        if (!place) {
          attach(line, parent, "another result of a call that has one");
          continue;
        }
        if (*place) {
          beside = **place;
        } else {
          count(session, 0, 1, line.number);
        }
        if (!message && !std::exchange(noted, true)) {
          set_metadata(step, line.rest(tree_->session(session).setting));
        }
      }
      put(session, at_time(std::move(step), line.time), line.number);
    }
    tree_->alias(line, beside);
    count(session, 1, 0, line.number);
  }

  static void set_metadata(events::SessionStep& step, Json metadata) {
    if (auto* done = std::get_if<events::CompleteTool>(&step)) {
      done->metadata = std::move(metadata);
      return;
    }
    if (auto* failed = std::get_if<events::FailTool>(&step)) failed->metadata = std::move(metadata);
  }

  /// Names the call of a result.
  /// @return nothing when the call has its result already; else the node of the call, if known.
  std::optional<std::optional<std::size_t>> bind(events::SessionStep& step, std::size_t session) {
    if (auto* done = std::get_if<events::CompleteTool>(&step)) return bind_to(*done, session);
    return bind_to(std::get<events::FailTool>(step), session);
  }
  template <class T>
  std::optional<std::optional<std::size_t>> bind_to(T& result, std::size_t session) {
    for (std::optional<std::size_t> at = session; at; at = tree_->parent_session(*at)) {
      const auto found = calls_.find(CallKey(*at, result.tool_call_id));
      if (found == calls_.end()) continue;
      Call call = found->second;
      if (call.closed) return std::nullopt;
      result.message_id = call.message;
      result.index = call.index;
      result.result_id.reset();
      call.closed = true;
      calls_.insert_or_assign(CallKey(session, result.tool_call_id), call);
      return std::optional<std::size_t>(call.node);
    }
    return std::optional<std::size_t>();
  }

  void answer(const Line& line, std::size_t parent, const std::string& id) {
    const std::size_t above = tree_->node(parent).session;
    if (const auto known = answers_.find(CallKey(above, id)); known != answers_.end()) {
      tree_->alias(line, known->second.first);
      const auto open = open_.find(above);
      if (open != open_.end() && open->second.message_id() == id) {
        add_calls(line, above, known->second);
        open->second.add(line, tree_->session(above).setting);
      } else {
        late(line, above, id, known->second);
      }
      return;
    }
    const std::size_t session = tree_->enter(parent, line);
    flush(session);
    const std::size_t node = tree_->add(session, line, id);
    auto& place = answers_.emplace(CallKey(session, id), std::pair(node, 0U)).first->second;
    add_calls(line, session, place);
    open_.emplace(session, Answer(id, node))
        .first->second.add(line, tree_->session(session).setting);
  }

  /// Remembers the calls of a line. @return how many
  std::vector<events::CallTool> add_calls(const Line& line, std::size_t session,
                                          std::pair<std::size_t, std::uint32_t>& answer) {
    std::vector<events::CallTool> added;
    for (const Json& block : claude_code::blocks_of(line.message())) {
      if (text_at(block, "type") != "tool_use") continue;
      const Node& node = tree_->node(answer.first);
      const auto index = answer.second++;
      const std::string id = text_at(block, "id").value_or("");
      calls_.insert_or_assign(CallKey(session, id), Call{node.message, index, answer.first, false});
      events::CallTool call;
      call.tool_call_id = id;
      call.message_id = node.message;
      call.index = index;
      call.tool = text_at(block, "name").value_or("");
      if (const Json* input = block.find("input")) call.arguments = *input;
      added.push_back(std::move(call));
    }
    return added;
  }

  /// A line of an answer that was told already, because something else was said in between.
  void late(const Line& line, std::size_t session, const std::string& id,
            std::pair<std::size_t, std::uint32_t>& answer) {
    for (events::CallTool& call : add_calls(line, session, answer)) {
      put(session, at_time(std::move(call), line.time), line.number);
    }
    attach(line, answer.first, "more of answer " + id + ", which is recorded");
  }

  void failure(const Line& line, std::size_t parent) {
    const std::size_t session = tree_->node(parent).session;
    flush(session);
    events::FailResponse failed;
    failed.call_id = "call:" + line.id();
    const Json::Array blocks = claude_code::blocks_of(line.message());
    const auto text = blocks.size() == 1 ? text_at(blocks.front(), "text") : std::nullopt;
    failed.error = text ? Json(*text) : Json(blocks);
    failed.error_type = text_at(line.json, "error");
    if (failed.error_type && failed.error_type->empty()) failed.error_type.reset();
    Json metadata = line.rest(tree_->session(session).setting);
    metadata.add("message", Json(without(line.message(), {"content", "role"})));
    failed.metadata = std::move(metadata);
    put(session, at_time(std::move(failed), line.time), line.number);
    tree_->alias(line, parent);
  }

  // ---- what stands beside it ----

  void beside(const Line& line, std::size_t parent) {
    if (line.type == "system" && text_at(line.json, "subtype") == "compact_boundary") {
      compacted(line, parent);
    }
    attach(line, parent, line.flag("isMeta") ? "meta" : "no part of what was said");
  }

  /// From here the summary that follows stands for what was said.
  void compacted(const Line& line, std::size_t parent) {
    const std::size_t session = tree_->node(parent).session;
    Session& of = tree_->session(session);
    const auto removed = tree_->window(session);
    if (of.head != parent || !removed || removed->empty()) return;
    flush(session);
    events::OptimizeContext compact;
    compact.idempotency_key = line.id();
    compact.strategy = "compact";
    compact.removed = *removed;
    compact.comment = text_at(line.json, "content");
    if (const Json* how = present(line.json, "compactMetadata")) {
      compact.tokens_before = count_at(*how, "preTokens");
      if (const auto trigger = text_at(*how, "trigger"); trigger && !trigger->empty()) {
        compact.reason = identifier_of(*trigger);
      }
    }
    put(session, at_time(std::move(compact), line.time), line.number);
    of.window = of.messages.size();
  }

  void attach(const Line& line, std::size_t parent, const std::string& reason) {
    const std::size_t session = tree_->node(parent).session;
    tree_->alias(line, parent);
    std::string kind = "claude_code." + line.type;
    if (const auto subtype = text_at(line.json, "subtype")) kind += "." + *subtype;
    PieceBuilder aside(line.number, {});
    aside.attach(line.id(), kind, line.id(), reason, line.json, line.time);
    for (RecordedStep& step : aside.piece().steps) put(session, std::move(step), line.number);
    count(session, 0, 1, line.number);
  }

  // ---- pieces ----

  void forked(std::size_t child, const Node& from, events::ForkReason reason, const Line& at) {
    flush(from.session);
    events::ForkSession fork;
    fork.child = tree_->session(child).name.id;
    if (from.message.empty()) {
      fork.at_version = 0;
    } else {
      fork.at_message = from.message;
    }
    fork.reason = reason;
    fork.metadata = at.setting();
    put(from.session, at_time(std::move(fork), at.time), at.number);
  }

  /// Adds a step to a session; behind its answer while that is not whole.
  void put(std::size_t session, RecordedStep step, std::uint64_t line) {
    if (const auto open = open_.find(session); open != open_.end()) {
      open->second.after.push_back(std::move(step));
      if (open->second.after.size() == kStepsMax) flush(session);
      return;
    }
    add(session, std::move(step), line);
  }

  void add(std::size_t session, RecordedStep step, std::uint64_t line) {
    PieceBuilder& to = out(session, line);
    if (to.piece().steps.size() == kStepsMax) {
      tell_piece();
      return add(session, std::move(step), line);
    }
    to.piece().steps.push_back(std::move(step));
  }

  void count(std::size_t session, std::size_t messages, std::size_t attached, std::uint64_t line) {
    if (const auto open = open_.find(session); open != open_.end()) {
      open->second.messages += messages;
      open->second.attached += attached;
      return;
    }
    Piece& piece = out(session, line).piece();
    piece.messages += messages;
    piece.attached += attached;
  }

  /// The answer of a session is whole.
  void flush(std::size_t session) {
    const auto found = open_.find(session);
    if (found == open_.end()) return;
    Answer answer = std::move(found->second);
    open_.erase(found);
    auto steps = answer.steps();
    if (!steps) {
      // Each of its lines was read before it was added, so only together they make no message.
      fail(answer.last_line(), std::move(steps.error()));
      return;
    }
    for (RecordedStep& step : *steps) add(session, std::move(step), answer.last_line());
    for (RecordedStep& step : answer.after) add(session, std::move(step), answer.last_line());
    count(session, answer.messages, answer.attached, answer.last_line());
  }

  PieceBuilder& out(std::size_t session, std::uint64_t line) {
    if (out_ && out_session_ != session) tell_piece();
    if (!out_) {
      const Session& of = tree_->session(session);
      out_.emplace(line, of.name);
      out_session_ = session;
      Piece& piece = out_->piece();
      piece.continues = of.from.has_value() || told_[session];
      told_[session] = true;
      piece.create.agent = "claude-code";
      piece.create.metadata = of.setting;
      piece.created_at = of.began;
    }
    out_->piece().line = line;
    return *out_;
  }

  void tell_piece() {
    if (!out_) return;
    Piece piece = out_->take();
    out_.reset();
    if (!piece.steps.empty()) tell(std::move(piece));
  }

  std::string seed_;
  std::vector<Line> early_;
  std::optional<Tree> tree_;
  std::map<std::size_t, Answer> open_;  ///< session -> its answer, while that may not be whole
  std::map<CallKey, Call> calls_;
  /// (session, message_id) -> its node and how many calls it has so far
  std::map<CallKey, std::pair<std::size_t, std::uint32_t>> answers_;
  std::optional<PieceBuilder> out_;
  std::size_t out_session_ = 0;
  std::map<std::size_t, bool> told_;
};

}  // namespace

std::unique_ptr<Reader> claude_code_reader(ReaderEvents events) {
  return std::make_unique<ClaudeCodeReader>(std::move(events));
}

bool is_claude_code(const Json& record) {
  const auto type = text_at(record, "type");
  if (!type || record.find("payload") != nullptr) return false;
  const Json* message = record.find("message");
  if (*type == "user" || *type == "assistant") {
    return message != nullptr && message->find("content") != nullptr;
  }
  if (*type == "summary") return text_at(record, "leafUuid").has_value();
  if (*type == "file-history-snapshot" || *type == "queue-operation") return true;
  return text_at(record, "sessionId") && text_at(record, "uuid");
}

}  // namespace hansard::importers
