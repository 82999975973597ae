// POST /v1/sessions and what is recorded into one: typed commands with the events' field names.
#include <utility>

#include "events/session/ids.h"
#include "families.h"
#include "http/problem.h"
#include "receipts.h"

namespace hansard::http {

namespace {

using core::Result;
using events::Json;
using events::SessionCommand;

/// The command of a body, with what the edge adds to it. `key` names repeats where nothing in the
/// body does.
using Reader = Result<SessionCommand> (*)(Json body, events::CommandMeta meta, std::string key);

template <class C>
Result<SessionCommand> read_step(Json body, events::CommandMeta meta, std::string key) {
  auto command = events::parse_body<C>(std::move(body), meta);
  if (!command) return std::move(command.error());
  if constexpr (requires { command->idempotency_key; }) command->idempotency_key = std::move(key);
  return SessionCommand{std::move(meta), events::SessionStep{*std::move(command)}};
}

Result<SessionCommand> read_create(Json body, events::CommandMeta meta, std::string /*key*/) {
  auto command = events::parse_body<events::CreateSession>(std::move(body), meta);
  if (!command) return std::move(command.error());
  return SessionCommand{std::move(meta), *std::move(command)};
}

/// An answer, or its failure: only failures have a reason or an error.
Result<SessionCommand> read_response(Json body, events::CommandMeta meta, std::string key) {
  const bool failed = body.find("reason") != nullptr || body.find("error") != nullptr;
  return failed
             ? read_step<events::FailResponse>(std::move(body), std::move(meta), std::move(key))
             : read_step<events::RecordResponse>(std::move(body), std::move(meta), std::move(key));
}

/// A tool's output, or the error it gave instead.
Result<SessionCommand> read_tool_result(Json body, events::CommandMeta meta, std::string key) {
  const bool failed = body.find("error") != nullptr;
  return failed ? read_step<events::FailTool>(std::move(body), std::move(meta), std::move(key))
                : read_step<events::CompleteTool>(std::move(body), std::move(meta), std::move(key));
}

/// Names the session: the path's `{id}`, or the body's `session_id`.
Result<core::StreamId> named_session(const Context& context, const Request& request,
                                     const Json& body, bool creates) {
  if (!creates) return session_of(context, request);
  const Json* id = body.find("session_id");
  if (!body.is_object()) {
    return events::bad_field(
        "", "expected a JSON object, found " + std::string(events::describe(body.kind())));
  }
  if (id == nullptr) return events::bad_field("session_id", "is missing");
  auto text = id->as_string("session_id");
  if (!text) return std::move(text.error());
  return events::session_stream(request.principal.project, *text, context.keyed_hash);
}

void record(const Context& context, const RequestPtr& request, const Responder& respond,
            Reader read, bool creates) {
  auto options = write_options(*request);
  if (!options) return respond(problem(std::move(options.error())));
  auto body = read_json_body(context, *request);
  if (!body) return respond(problem(std::move(body.error())));
  auto stream = named_session(context, *request, *body, creates);
  if (!stream) return respond(problem(std::move(stream.error())));

  events::CommandMeta meta;
  meta.occurred_at = request->received_at;  // live: until the client says otherwise
  meta.salt_seed = context.draw_random();
  std::string key = options->idempotency_key ? *std::move(options->idempotency_key)
                                             : core::to_hex(core::as_bytes(context.draw_random()));
  auto command = read(*std::move(body), std::move(meta), std::move(key));
  if (!command) return respond(problem(std::move(command.error())));

  core::CommandContext with;
  with.project = request->principal.project;
  with.stream = *std::move(stream);
  with.recorded_at = request->received_at;
  with.actor = request->principal.actor;
  with.durability = options->durability;
  with.expected_version = options->expected_version;
  context.execute(std::move(with), *std::move(command), answer_receipt(respond));
}

Route post(const Context& context, std::string pattern, std::string doc, Reader read,
           bool creates = false) {
  Route route;
  route.method = Method::post;
  route.pattern = std::move(pattern);
  route.scope = Scope::write;
  route.runs = Runs::loop;  // parsing only: the command loop has a pool of its own
  route.takes = Takes::json;
  route.doc = std::move(doc);
  route.handler = [&context, read, creates](const RequestPtr& request, const Responder& respond) {
    record(context, request, respond, read, creates);
  };
  return route;
}

}  // namespace

std::vector<Route> record_routes(const Context& context) {
  const std::string in = "/v1/sessions/{id}/";
  std::vector<Route> all;
  all.push_back(
      post(context, "/v1/sessions", "Begin a session (SessionCreated)", read_create, true));
  const auto add = [&](const char* name, const char* doc, Reader read) {
    all.push_back(post(context, in + name, doc, read));
  };
  add("config", "Change settings (SessionConfigured)", read_step<events::ConfigureSession>);
  add("messages", "A message entered (MessageSent)", read_step<events::SendMessage>);
  add("requests", "A model was asked (ResponseRequested)", read_step<events::RequestResponse>);
  add("responses",
      "It answered (ResponseReceived), or with a reason or error, it failed "
      "(ResponseFailed)",
      read_response);
  add("tool-calls", "A tool was called (ToolCalled)", read_step<events::CallTool>);
  add("tool-results", "It returned (ToolCompleted), or with an error, it failed (ToolFailed)",
      read_tool_result);
  add("context", "The window sent was cut or summarised (ContextOptimized)",
      read_step<events::OptimizeContext>);
  add("scores", "Judge an answer, a message or the session (ScoreRecorded)",
      read_step<events::RecordScore>);
  add("fork", "Leave into a new session (SessionForked)", read_step<events::ForkSession>);
  add("end", "The conversation closed (SessionEnded)", read_step<events::EndSession>);
  add("reopen", "It goes on (SessionReopened)", read_step<events::ReopenSession>);
  return all;
}

}  // namespace hansard::http
