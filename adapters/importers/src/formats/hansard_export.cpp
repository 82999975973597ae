#include "formats/hansard_export.h"

#include <optional>
#include <string>
#include <unordered_map>
#include <utility>
#include <variant>

#include "events/session/codec.h"
#include "formats/steps.h"

namespace hansard::importers {

namespace {

using core::Errc;
using core::Error;
using core::Result;
using events::Json;
using events::SessionStep;

constexpr std::string_view kSessionStream = "session-";
constexpr std::string_view kSystemStream = "system";
constexpr std::size_t kPieceSteps = 256;
constexpr std::size_t kPieceBytes = 1U << 20;
constexpr std::size_t kToolsBytesMax = 64U << 20;

/// What later lines need of a session whose beginning was read.
struct Session {
  std::string id;  ///< the client's
  events::CreateSession create;
  std::optional<core::Timestamp> created_at;
  bool told = false;  ///< in a piece
  std::uint32_t ends = 0;
  std::uint32_t reopens = 0;
};

/// One line, decoded.
struct ExportedEvent {
  std::uint64_t line = 0;
  std::string project;
  std::string stream;
  std::string id;
  std::optional<core::Timestamp> occurred_at;
  events::DecodedEvent decoded;
};

Result<std::string> payload_at(const Json& record, const std::string& name) {
  if (const Json* value = record.find(name)) return dump(*value);
  if (auto text = text_at(record, name + "_text")) return *std::move(text);
  return events::bad_field(name, "is missing");
}

/// RFC 3339, or microseconds where that cannot say it.
Result<std::optional<core::Timestamp>> occurred(const Json& record) {
  const Json* value = record.find("occurred_at");
  if (value == nullptr) return std::optional<core::Timestamp>();
  if (const std::string* text = value->if_string()) {
    const auto time = core::parse_time(*text);
    if (!time) return events::bad_field("occurred_at", time.error().message);
    return std::optional(*time);
  }
  // None that a conversation of people could have had.
  return events::bad_field("occurred_at", "is out of range");
}

template <class Step, class Event>
Step step_of(Event event) {
  Step step;
  static_cast<Event&>(step) = std::move(event);
  return step;
}

class ExportReader final : public Reader {
 public:
  explicit ExportReader(ReaderEvents events) : events_(std::move(events)) {}

  void take(SourceRecord record) override {
    if (!record.problem.empty()) {
      return events_.failed(record.line, {Errc::invalid_argument, std::move(record.problem)});
    }
    auto json = events::parse_json(record.text);
    if (!json) return events_.failed(record.line, std::move(json).error());
    if (is_hansard_export(*json)) return;
    if (json->find("end") != nullptr) {
      ended_ = true;
      return;
    }
    auto event = read(record.line, *json);
    if (!event) return events_.failed(record.line, std::move(event).error());
    // What a log says of itself (its prices, its providers' health) holds for no other log.
    if (event->stream == kSystemStream) return;
    if (!event->stream.starts_with(kSessionStream)) {
      return events_.failed(record.line, {Errc::unsupported,
                                          event->stream + " is no conversation; only a restore, or "
                                                          "an append, records its events"});
    }
    if (project_.empty()) project_ = event->project;
    if (event->project != project_) {
      return events_.failed(record.line,
                            {Errc::unsupported, "of project " + event->project +
                                                    "; export that project alone to import it"});
    }
    last_line_ = record.line;
    take_event(*std::move(event), record.text.size());
  }

  void finish() override {
    flush();
    if (ended_) return;
    events_.failed(last_line_, {Errc::invalid_argument,
                                "the export breaks off here; its last line "
                                "is not there"});
  }

 private:
  [[nodiscard]] Result<ExportedEvent> read(std::uint64_t line, const Json& record) const {
    ExportedEvent out;
    out.line = line;
    for (const auto& [name, into] :
         {std::pair("project", &out.project), std::pair("stream", &out.stream),
          std::pair("event_id", &out.id)}) {
      auto text = text_at(record, name);
      if (!text) return events::bad_field(name, "is missing");
      *into = *std::move(text);
    }
    const auto time = occurred(record);
    if (!time) return time.error();
    out.occurred_at = *time;
    if (!out.stream.starts_with(kSessionStream)) return out;
    const auto type = text_at(record, "type");
    const auto schema = count_at(record, "schema");
    if (!type || !schema || *schema < 1 || *schema > 65535) {
      return events::bad_field(type ? "schema" : "type", "is missing or malformed");
    }
    core::RecordedEvent stored;
    stored.type = *type;
    stored.schema = static_cast<std::uint16_t>(*schema);
    stored.stream = out.stream;
    stored.project = out.project;
    stored.erased = record.find("commitment") != nullptr;
    const auto facts = payload_at(record, "facts");
    if (!facts) return facts.error();
    const auto content =
        stored.erased ? Result<std::string>(std::string()) : payload_at(record, "content");
    if (!content) return content.error();
    stored.facts = *facts;
    stored.content = *content;
    auto decoded = codec_.decode(stored);
    if (!decoded) return std::move(decoded).error();
    out.decoded = *std::move(decoded);
    return out;
  }

  void take_event(ExportedEvent event, std::size_t bytes) {
    std::string name = event.stream.substr(kSessionStream.size());
    if (auto* begun = std::get_if<events::SessionCreated>(&event.decoded.event)) {
      begin(name, *begun, event.occurred_at);
    }
    if (!current_ || current_name_ != name || current_->steps.size() >= kPieceSteps ||
        bytes_ + bytes > kPieceBytes) {
      flush();
      open(std::move(name));
    }
    bytes_ += bytes;
    current_->line = event.line;
    const bool beginning = std::holds_alternative<events::SessionCreated>(event.decoded.event);
    if (event.decoded.erased && !beginning) return leave(event, "its content was erased");
    if (!event.decoded.unknown_facts.empty() || !event.decoded.unknown_content.empty()) {
      leave(event, "fields that only a newer version knows");
    }
    const std::optional<core::Timestamp> at = event.occurred_at;
    auto step = std::visit([&](auto& each) { return this->step(std::move(each), event); },
                           event.decoded.event);
    if (step) current_->steps.push_back(at_time(*std::move(step), at));
  }

  void begin(const std::string& name, const events::SessionCreated& begun,
             std::optional<core::Timestamp> at) {
    Session& session = sessions_[name];
    session.id = begun.session_id.value_or(name);
    static_cast<events::SessionCreated&>(session.create) = begun;
    session.create.session_id = session.id;
    session.created_at = at;
    if (session.create.parent) session.create.parent->session = id_of(begun.parent->session);
    // Right behind the fork that it comes from.
    if (!current_ || current_->steps.empty()) return;
    auto* fork = std::get_if<events::ForkSession>(&current_->steps.back().step);
    if (fork != nullptr && fork->child == name) complete(*fork, session);
  }

  [[nodiscard]] std::string id_of(const std::string& name) const {
    const auto found = sessions_.find(name);
    return found == sessions_.end() || found->second.id.empty() ? name : found->second.id;
  }

  static void complete(events::ForkSession& fork, const Session& child) {
    fork.child = child.id;
    fork.agent = child.create.agent;
    fork.app = child.create.app;
    fork.user = child.create.user;
    fork.tags = child.create.tags;
    fork.title = child.create.title;
    fork.metadata = child.create.metadata;
  }

  void open(std::string name) {
    Session& session = sessions_[name];
    if (session.id.empty()) session.id = name;
    current_.emplace();
    current_->session.id = session.id;
    current_->continues = std::exchange(session.told, true);
    current_->create = session.create;
    current_->created_at = session.created_at;
    current_name_ = std::move(name);
    bytes_ = 0;
  }

  void flush() {
    if (current_) events_.piece(*std::exchange(current_, std::nullopt));
  }

  void leave(const ExportedEvent& event, std::string reason) {
    current_->unplaced.push_back({"event " + event.id, std::move(reason)});
  }

  // What each event came from.
  using Step = std::optional<SessionStep>;
  Step step(events::SessionCreated, const ExportedEvent&) { return std::nullopt; }
  Step step(events::SessionConfigured event, const ExportedEvent& from) {
    if (event.tools && event.tools_hash) keep_tools(*event.tools_hash, *event.tools);
    auto made = step_of<events::ConfigureSession>(std::move(event));
    made.idempotency_key = from.id;
    return made;
  }
  Step step(events::MessageSent event, const ExportedEvent&) {
    ++current_->messages;
    return step_of<events::SendMessage>(std::move(event));
  }
  Step step(events::ResponseRequested event, const ExportedEvent&) {
    const auto offered = event.tools_hash ? tools_.find(*event.tools_hash) : tools_.end();
    auto made = step_of<events::RequestResponse>(std::move(event));
    if (offered != tools_.end()) made.tools = offered->second;
    return made;
  }
  Step step(events::ResponseReceived event, const ExportedEvent&) {
    ++current_->messages;
    return step_of<events::RecordResponse>(std::move(event));
  }
  Step step(events::ResponseFailed event, const ExportedEvent&) {
    return step_of<events::FailResponse>(std::move(event));
  }
  Step step(events::ToolCalled event, const ExportedEvent&) {
    events::CallTool made;
    made.tool_call_id = std::move(event.tool_call_id);
    made.message_id = std::move(event.message_id);
    made.index = event.index;
    made.tool = std::move(event.tool);
    made.arguments = std::move(event.arguments);
    made.metadata = std::move(event.metadata);
    return made;
  }
  Step step(events::ToolCompleted event, const ExportedEvent& from) {
    name_orphan(event, from);
    return step_of<events::CompleteTool>(std::move(event));
  }
  Step step(events::ToolFailed event, const ExportedEvent& from) {
    name_orphan(event, from);
    return step_of<events::FailTool>(std::move(event));
  }
  Step step(events::ContextOptimized event, const ExportedEvent& from) {
    auto made = step_of<events::OptimizeContext>(std::move(event));
    made.idempotency_key = from.id;
    return made;
  }
  Step step(const events::SessionForked& event, const ExportedEvent&) {
    events::ForkSession made;
    made.child = event.child;
    made.at_version = event.at_version;
    made.reason = event.reason;
    made.comment = event.comment;
    const auto child = sessions_.find(event.child);
    if (child != sessions_.end() && !child->second.id.empty()) complete(made, child->second);
    return made;
  }
  Step step(events::ScoreRecorded event, const ExportedEvent&) {
    return step_of<events::RecordScore>(std::move(event));
  }
  Step step(events::RecordAttached event, const ExportedEvent&) {
    ++current_->attached;
    return step_of<events::AttachRecord>(std::move(event));
  }
  Step step(events::SessionEnded event, const ExportedEvent&) {
    Session& session = sessions_[current_name_];
    if (session.ends == session.reopens) ++session.ends;
    auto made = step_of<events::EndSession>(std::move(event));
    made.number = session.ends;
    return made;
  }
  Step step(events::SessionReopened event, const ExportedEvent&) {
    Session& session = sessions_[current_name_];
    if (session.ends > session.reopens) ++session.reopens;
    auto made = step_of<events::ReopenSession>(std::move(event));
    made.number = session.reopens;
    return made;
  }
  Step step(const events::Unrecognised&, const ExportedEvent& from) {
    leave(from, "a type that only a newer version knows");
    return std::nullopt;
  }

  /// Without a name of its own a result that found no call would find one the second time.
  template <class Event>
  static void name_orphan(Event& event, const ExportedEvent& from) {
    if (event.orphan && !event.message_id && !event.result_id) event.result_id = from.id;
  }

  void keep_tools(const std::string& hash, const Json& tools) {
    if (tools_.contains(hash)) return;
    const std::size_t bytes = dump(tools).size();
    if (tools_bytes_ + bytes > kToolsBytesMax) return;
    tools_bytes_ += bytes;
    tools_.emplace(hash, tools);
  }

  ReaderEvents events_;
  events::SessionCodec codec_;
  std::unordered_map<std::string, Session> sessions_;  ///< by the name of the stream
  std::unordered_map<std::string, Json> tools_;        ///< by the hash that requests name
  std::size_t tools_bytes_ = 0;
  std::string project_;
  std::optional<Piece> current_;
  std::string current_name_;
  std::size_t bytes_ = 0;  ///< of the source, in `current_`
  std::uint64_t last_line_ = 1;
  bool ended_ = false;
};

}  // namespace

bool is_hansard_export(const Json& record) {
  const Json* form = record.find("hansard_export");
  return form != nullptr && form->is_number() && record.find("log_id") != nullptr;
}

std::unique_ptr<Reader> hansard_export_reader(ReaderEvents events) {
  return std::make_unique<ExportReader>(std::move(events));
}

}  // namespace hansard::importers
