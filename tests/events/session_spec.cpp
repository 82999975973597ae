#include "events/session_spec.h"

#include <algorithm>

namespace hansard::events::spec {

CreateSession create(std::string user) {
  CreateSession command;
  if (!user.empty()) command.user = std::move(user);
  return command;
}

SendMessage say(std::string id, std::string text) {
  SendMessage command;
  command.message_id = std::move(id);
  command.parts = {Part::make_text(std::move(text))};
  return command;
}

RequestResponse ask(std::string call_id, std::uint32_t attempt) {
  RequestResponse command;
  command.call_id = std::move(call_id);
  command.attempt = attempt;
  return command;
}

RecordResponse answer(std::string call_id, std::string message_id, std::string text,
                      std::uint32_t choice) {
  RecordResponse command;
  command.call_id = std::move(call_id);
  command.message_id = std::move(message_id);
  command.choice = choice;
  command.parts = {Part::make_text(std::move(text))};
  return command;
}

RecordResponse asking(std::string call_id, std::string message_id,
                      std::initializer_list<const char*> tool_call_ids) {
  RecordResponse command;
  command.call_id = std::move(call_id);
  command.message_id = std::move(message_id);
  std::uint32_t index = 0;
  for (const char* id : tool_call_ids) command.parts.push_back(Part::make_tool_call(id, index++));
  return command;
}

FailResponse fail(std::string call_id, std::uint32_t attempt) {
  FailResponse command;
  command.call_id = std::move(call_id);
  command.attempt = attempt;
  return command;
}

CallTool tool(std::string tool_call_id, std::optional<std::string> message_id,
              std::optional<std::uint32_t> index) {
  CallTool command;
  command.tool_call_id = std::move(tool_call_id);
  command.message_id = std::move(message_id);
  command.index = index;
  command.tool = "lookup";
  command.arguments = R"({"q":1})";
  return command;
}

CompleteTool result(std::string tool_call_id, std::string output,
                    std::optional<std::string> message_id, std::optional<std::uint32_t> index) {
  CompleteTool command;
  command.tool_call_id = std::move(tool_call_id);
  command.output = std::move(output);
  command.message_id = std::move(message_id);
  command.index = index;
  return command;
}

EndSession end(std::string reason) {
  EndSession command;
  command.reason = std::move(reason);
  return command;
}

ReopenSession reopen() { return {}; }

RecordScore score(std::string id, TargetKind kind, std::optional<std::string> target) {
  RecordScore command;
  command.score_id = std::move(id);
  command.target_kind = kind;
  command.target_id = std::move(target);
  command.name = "helpful";
  command.value = true;
  return command;
}

ForkSession fork(std::string child, std::uint64_t at_version) {
  ForkSession command;
  command.child = std::move(child);
  command.at_version = at_version;
  return command;
}

Record recording(std::vector<SessionStep> steps) {
  Record record;
  for (auto& step : steps) record.steps.push_back({std::move(step), {}, false});
  return record;
}

const core::KeyedHash& keyed_hash() {
  static const core::KeyedHash instance(support::hasher(), support::salt("store key"));
  return instance;
}
const SessionDecider& decider() {
  static const SessionDecider instance(keyed_hash(), support::hasher());
  return instance;
}

core::OwnedEvent stored(const core::NewEvent& event, std::uint64_t version,
                        const core::ProjectId& project) {
  std::string bytes;
  core::encode_event(event, project, {}, {{version}, {version}, support::at_us(1)}, bytes);
  return core::OwnedEvent::decode(std::move(bytes)).value();
}

SessionEvent decoded(const core::NewEvent& event) {
  return SessionCodec().decode_strict(event.type, event.schema, event.facts, event.content).value();
}

Spec& Spec::given(std::vector<Command> commands) {
  for (auto& command : commands) {
    auto records = decide(std::move(command));
    if (!records) {
      ADD_FAILURE() << "given: " << records.error().message;
      return *this;
    }
    for (const auto& record : *records) apply(record);
  }
  return *this;
}

Spec& Spec::given_appended(const SessionEvent& event) {
  core::NewEvent record;
  auto encoded = SessionCodec().encode(event);
  record.stream = stream_;
  record.type = std::string(encoded.type);
  record.id = support::event_id("appended " + std::to_string(history_.size()));
  record.facts = encoded.facts;
  record.content = encoded.content;
  apply(record);
  return *this;
}

Spec& Spec::given_event(core::NewEvent event) {
  event.stream = stream_;
  event.id = support::event_id("given " + std::to_string(history_.size()));
  apply(event);
  return *this;
}

Spec& Spec::when(Command command) {
  result_ = decide(std::move(command));
  return *this;
}

Spec& Spec::then(std::vector<std::string> types) {
  if (!accepted()) return *this;
  std::vector<std::string> made;
  for (const auto& record : *result_) made.push_back(record.type);
  EXPECT_EQ(made, types);
  return *this;
}

Spec& Spec::then_again(std::vector<std::size_t> versions) {
  if (!accepted()) return *this;
  EXPECT_EQ(result_->size(), versions.size());
  for (std::size_t i = 0; i < std::min(versions.size(), result_->size()); ++i) {
    const auto& before = history_.at(versions[i]);
    const auto& now = (*result_)[i];
    EXPECT_EQ(now.id, before.id) << now.type << " is another event";
    EXPECT_EQ(now.type, before.type);
    EXPECT_EQ(now.facts, before.facts);
    EXPECT_EQ(now.content, before.content);
  }
  return *this;
}

Spec& Spec::then_error(core::Errc code, std::string_view field) {
  if (result_) {
    ADD_FAILURE() << "expected " << core::traits(code).name << ", got " << result_->size()
                  << " events";
  } else {
    EXPECT_EQ(core::traits(result_.error().code).name, core::traits(code).name)
        << result_.error().message;
    EXPECT_EQ(result_.error().field, field) << result_.error().message;
  }
  return *this;
}

core::Result<std::vector<core::NewEvent>> Spec::decide(Command command) {
  return decider().decide(state_, {}, stream_, SessionCommand{meta, std::move(command.body)});
}

void Spec::apply(const core::NewEvent& record) {
  if (record.stream != stream_) return;
  for (const auto& known : history_) {
    if (known.id == record.id) return;  // the log would answer `duplicate`
  }
  const auto owned = stored(record, history_.size());
  auto next = decider().evolve(std::move(state_), owned.event());
  if (!next) {
    ADD_FAILURE() << next.error().message;
    return;
  }
  state_ = *std::move(next);
  history_.push_back(record);
}

bool Spec::accepted() {
  if (!result_) ADD_FAILURE() << result_.error().message << " [" << result_.error().field << "]";
  return result_.has_value();
}

}  // namespace hansard::events::spec
