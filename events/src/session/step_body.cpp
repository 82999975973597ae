#include "events/session/step_body.h"

#include <array>
#include <type_traits>
#include <utility>

#include "fields.h"

namespace hansard::events {
namespace {

/// Writes what a client may say of a command.
template <class C>
struct BodyWriter {
  std::string& out;
  const C& command;
  template <class M, class... Mark>
  void fact(std::string_view name, M member, Mark...) {
    write(name, command.*member);
  }
  template <class M>
  void derived(std::string_view, M) {}
  template <class M>
  void content(std::string_view name, M member) {
    write(name, command.*member);
  }
  template <class T>
  void write(std::string_view name, const T& value) {
    if (fields::absent(value)) return;
    fields::write_name(out, name);
    fields::write(out, value);
  }
};

template <class C>
std::string body_of(const C& command, std::optional<core::Timestamp> at) {
  std::string out = "{";
  BodyWriter<C> writer{out, command};
  C::fields(writer);
  if constexpr (std::is_same_v<C, RequestResponse>) writer.write("tools", command.tools);
  if constexpr (std::is_same_v<C, RecordResponse>) {
    writer.write("may_have_grown", command.may_have_grown);
  }
  if constexpr (requires { command.number; }) writer.write("number", command.number);
  if (at) {
    fields::write_name(out, "occurred_at");
    dump_string_to(core::format_time(*at), out);
  }
  out.push_back('}');
  return out;
}

template <class C>
core::Result<RecordedStep> read_as(Json body, std::string key) {
  CommandMeta meta;
  auto command = parse_body<C>(std::move(body), meta);
  if (!command) return std::move(command.error());
  if constexpr (requires { command->idempotency_key; }) {
    command->idempotency_key = std::move(key);
  }
  return RecordedStep{*std::move(command), meta.occurred_at, meta.occurred_at_from_client};
}

using Read = core::Result<RecordedStep> (*)(Json body, std::string key);

struct Row {
  std::string_view route;
  Read read;
};

/// An answer, or its failure: only failures have a reason or an error.
core::Result<RecordedStep> read_response(Json body, std::string key) {
  const bool failed = body.find("reason") != nullptr || body.find("error") != nullptr;
  const Read read = failed ? read_as<FailResponse> : read_as<RecordResponse>;
  return read(std::move(body), std::move(key));
}

core::Result<RecordedStep> read_tool_result(Json body, std::string key) {
  const Read read = body.find("error") != nullptr ? read_as<FailTool> : read_as<CompleteTool>;
  return read(std::move(body), std::move(key));
}

constexpr std::array kRoutes{
    Row{"config", read_as<ConfigureSession>},  Row{"messages", read_as<SendMessage>},
    Row{"requests", read_as<RequestResponse>}, Row{"responses", read_response},
    Row{"tool-calls", read_as<CallTool>},      Row{"tool-results", read_tool_result},
    Row{"context", read_as<OptimizeContext>},  Row{"scores", read_as<RecordScore>},
    Row{"attachments", read_as<AttachRecord>}, Row{"fork", read_as<ForkSession>},
    Row{"end", read_as<EndSession>},           Row{"reopen", read_as<ReopenSession>},
};

constexpr std::string_view route_of(const ConfigureSession&) { return "config"; }
constexpr std::string_view route_of(const SendMessage&) { return "messages"; }
constexpr std::string_view route_of(const RequestResponse&) { return "requests"; }
constexpr std::string_view route_of(const RecordResponse&) { return "responses"; }
constexpr std::string_view route_of(const FailResponse&) { return "responses"; }
constexpr std::string_view route_of(const CallTool&) { return "tool-calls"; }
constexpr std::string_view route_of(const CompleteTool&) { return "tool-results"; }
constexpr std::string_view route_of(const FailTool&) { return "tool-results"; }
constexpr std::string_view route_of(const OptimizeContext&) { return "context"; }
constexpr std::string_view route_of(const RecordScore&) { return "scores"; }
constexpr std::string_view route_of(const AttachRecord&) { return "attachments"; }
constexpr std::string_view route_of(const ForkSession&) { return "fork"; }
constexpr std::string_view route_of(const EndSession&) { return "end"; }
constexpr std::string_view route_of(const ReopenSession&) { return "reopen"; }

}  // namespace

StepBody write_step(const RecordedStep& step) {
  return std::visit(
      [&](const auto& command) {
        StepBody out{route_of(command), body_of(command, step.occurred_at), {}};
        if constexpr (requires { command.idempotency_key; }) out.key = command.idempotency_key;
        return out;
      },
      step.step);
}

std::string write_create(const CreateSession& command, std::optional<core::Timestamp> created_at) {
  return body_of(command, created_at);
}

core::Result<RecordedStep> read_step(std::string_view route, Json body, std::string key) {
  for (const Row& row : kRoutes) {
    if (row.route == route) return row.read(std::move(body), std::move(key));
  }
  return core::Error{core::Errc::not_found, "there is no step called " + std::string(route)};
}

}  // namespace hansard::events
