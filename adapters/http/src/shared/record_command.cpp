#include "shared/record_command.h"

#include <algorithm>
#include <array>
#include <utility>

#include "events/session/ids.h"

namespace hansard::http {

namespace {

using core::Result;
using events::CommandMeta;
using events::Json;
using events::SessionCommand;

template <class C>
Result<SessionCommand> read_step(Json body, CommandMeta meta, std::string key) {
  auto command = events::parse_body<C>(std::move(body), meta);
  if (!command) return std::move(command.error());
  if constexpr (requires { command->idempotency_key; }) command->idempotency_key = std::move(key);
  return SessionCommand{std::move(meta), events::SessionStep{*std::move(command)}};
}

Result<SessionCommand> read_create(Json body, CommandMeta meta, std::string /*key*/) {
  auto command = events::parse_body<events::CreateSession>(std::move(body), meta);
  if (!command) return std::move(command.error());
  return SessionCommand{std::move(meta), *std::move(command)};
}

/// An answer, or its failure: only failures have a reason or an error.
Result<SessionCommand> read_response(Json body, CommandMeta meta, std::string key) {
  const bool failed = body.find("reason") != nullptr || body.find("error") != nullptr;
  return failed
             ? read_step<events::FailResponse>(std::move(body), std::move(meta), std::move(key))
             : read_step<events::RecordResponse>(std::move(body), std::move(meta), std::move(key));
}

/// A tool's output, or the error it gave instead.
Result<SessionCommand> read_tool_result(Json body, CommandMeta meta, std::string key) {
  const bool failed = body.find("error") != nullptr;
  return failed ? read_step<events::FailTool>(std::move(body), std::move(meta), std::move(key))
                : read_step<events::CompleteTool>(std::move(body), std::move(meta), std::move(key));
}

constexpr std::array<RecordKind, 13> kKinds{{
    {"", "Begin a session (SessionCreated)", "CreateSession", "", read_create},
    {"config", "Change settings (SessionConfigured)", "ConfigureSession", "",
     read_step<events::ConfigureSession>},
    {"messages", "A message entered (MessageSent)", "SendMessage", "",
     read_step<events::SendMessage>},
    {"requests",
     "A model was asked (ResponseRequested); with variant and unit, a text, by a unit of an "
     "experiment, whose first request exposes it (VariantAssigned)",
     "RequestResponse", "", read_step<events::RequestResponse>},
    {"responses",
     "It answered (ResponseReceived), or with a reason or error, it failed (ResponseFailed)",
     "RecordResponse", "FailResponse", read_response},
    {"tool-calls", "A tool was called (ToolCalled)", "CallTool", "", read_step<events::CallTool>},
    {"tool-results", "It returned (ToolCompleted), or with an error, it failed (ToolFailed)",
     "CompleteTool", "FailTool", read_tool_result},
    {"context", "The window sent was cut or summarised (ContextOptimized)", "OptimizeContext", "",
     read_step<events::OptimizeContext>},
    {"scores", "Judge an answer, a message or the session (ScoreRecorded)", "RecordScore", "",
     read_step<events::RecordScore>},
    {"attachments", "Keep what the source holds beside the conversation (RecordAttached)",
     "AttachRecord", "", read_step<events::AttachRecord>},
    {"fork", "Leave into a new session (SessionForked)", "ForkSession", "",
     read_step<events::ForkSession>},
    {"end", "The conversation closed (SessionEnded)", "EndSession", "",
     read_step<events::EndSession>},
    {"reopen", "It goes on (SessionReopened)", "ReopenSession", "",
     read_step<events::ReopenSession>},
}};

/// The stream of a session that is named by the path, or by the body that begins it.
Result<core::StreamId> named_session(const Context& context, const Author& author,
                                     const RecordKind& kind, std::string_view session,
                                     const Json& body) {
  const core::ProjectId& project = author.principal.project;
  if (!kind.name.empty()) return events::session_stream(project, session, context.keyed_hash);
  if (!body.is_object()) {
    return events::bad_field(
        "", "expected a JSON object, found " + std::string(events::describe(body.kind())));
  }
  const Json* id = body.find("session_id");
  if (id == nullptr) return events::bad_field("session_id", "is missing");
  auto text = id->as_string("session_id");
  if (!text) return std::move(text.error());
  return events::session_stream(project, *text, context.keyed_hash);
}

/// Makes a command one of a recording: what happened is taken, not judged.
void record(SessionCommand& command) {
  events::Record recording;
  const CommandMeta& meta = command.meta;
  if (auto* create = std::get_if<events::CreateSession>(&command.body)) {
    recording.create = std::move(*create);
    recording.created_at = meta.occurred_at;
    recording.created_at_from_client = meta.occurred_at_from_client;
  } else {
    recording.steps.push_back({std::get<events::SessionStep>(std::move(command.body)),
                               meta.occurred_at, meta.occurred_at_from_client});
  }
  command.body = std::move(recording);
}

/// The client's key, or one that no repeat will have.
std::string repeat_key(const Context& context, const Author& author) {
  if (author.options.idempotency_key) return *author.options.idempotency_key;
  return core::to_hex(core::as_bytes(context.draw_random()));
}

}  // namespace

std::span<const RecordKind> record_kinds() { return kKinds; }

const RecordKind* record_kind(std::string_view name) {
  const auto* found = std::find_if(kKinds.begin(), kKinds.end(),
                                   [&](const RecordKind& kind) { return kind.name == name; });
  return found == kKinds.end() ? nullptr : found;
}

Result<PreparedCommand> prepare_command(const Context& context, const RecordKind& kind,
                                        const Author& author, std::string_view session, Json body) {
  auto stream = named_session(context, author, kind, session, body);
  if (!stream) return std::move(stream.error());
  CommandMeta meta;
  // Live: until the client says otherwise.
  if (!author.recording) meta.occurred_at = author.received_at;
  meta.salt_seed = context.draw_random();
  auto command = kind.read(std::move(body), std::move(meta), repeat_key(context, author));
  if (!command) return std::move(command.error());
  if (author.recording) record(*command);

  core::CommandContext with;
  if (author.recording) with.known = core::Known::skip;
  with.project = author.principal.project;
  with.stream = *std::move(stream);
  with.recorded_at = author.received_at;
  with.actor = author.principal.actor;
  with.durability = author.options.durability;
  with.expected_version = author.options.expected_version;
  return PreparedCommand{std::move(with), *std::move(command)};
}

}  // namespace hansard::http
