// `hansard scores`: judgements, by people and by judges that need no model.
#include <algorithm>
#include <cstdio>
#include <fstream>
#include <iterator>

#include "commands.h"
#include "text/json_view.h"
#include "text/query_text.h"
#include "text/terminal.h"

namespace hansard::cli {

namespace {

using core::Error;
using core::Result;
using events::Json;

/// Sessions of one request; the server's bound.
constexpr std::size_t kSessionsAtOnce = 256;

Result<Json> query(Backend& backend, const std::string& text) {
  Json body;
  body.add("text", text);
  return call_json(backend, Call{http::Method::post, "/v1/query", dump(body)});
}

Result<int> list_scores(Backend& backend, const Output& output) {
  const auto answer =
      query(backend, "scores, avg(value) from scores by metric, category, evaluator top 100");
  if (!answer) return answer.error();
  if (output.json) {
    std::puts(dump(*answer).c_str());
    return 0;
  }
  std::fputs(query_table(*answer, output.columns).c_str(), stdout);
  std::fputs(query_remarks(*answer).c_str(), stdout);
  return 0;
}

Result<int> add_score(Backend& backend, const ScoresCommand& command, const Output& output) {
  Json body;
  const std::string target = command.message ? *command.message : command.call.value_or("");
  body.add("score_id",
           command.id.value_or("cli:" + command.name + ":" + target + ":" + command.value));
  if (command.message || command.call) {
    body.add("target_kind", command.message ? "message" : "call");
    body.add("target_id", target);
  }
  body.add("name", command.name);
  const auto value = events::parse_json(command.value);
  body.add("value", value ? *value : Json(command.value));
  if (command.comment) body.add("comment", *command.comment);
  TargetBuilder path;
  path.segment("v1").segment("sessions").segment(command.session).segment("scores");
  const auto receipt = call_json(backend, Call{http::Method::post, path.text(), dump(body)});
  if (!receipt) return receipt.error();
  if (output.json) {
    std::puts(dump(*receipt).c_str());
  } else {
    std::puts(flag_at(*receipt, "duplicate") ? "known already" : "recorded");
  }
  return 0;
}

Result<Json> evaluator_of(const ScoresCommand& command) {
  Json evaluator;
  const auto words = [](const std::vector<std::string>& from) {
    Json list = Json::Array{};
    for (const std::string& each : from) list.push(each);
    return list;
  };
  if (command.exact) evaluator.add("exact", *command.exact);
  if (command.regex) evaluator.add("regex", *command.regex);
  if (!command.contains.empty()) evaluator.add("contains", words(command.contains));
  if (!command.not_contains.empty()) evaluator.add("not_contains", words(command.not_contains));
  if (command.number) {
    Json number;
    number.add("expected", Json::number(*command.number));
    number.add("tolerance", Json::number(command.tolerance));
    number.add("relative", command.relative);
    evaluator.add("number", std::move(number));
  }
  if (!command.schema_file.empty()) {
    std::ifstream file(command.schema_file, std::ios::binary);
    if (!file) return Error{core::Errc::not_found, "cannot open " + command.schema_file};
    const std::string text{std::istreambuf_iterator<char>(file), {}};
    auto schema = events::parse_json(text);
    if (!schema) {
      return Error{core::Errc::invalid_argument,
                   command.schema_file + ": " + schema.error().message};
    }
    evaluator.add("json_schema", *std::move(schema));
  }
  return evaluator;
}

Result<std::vector<std::string>> sessions_of(Backend& backend, const ScoresCommand& command) {
  if (!command.sessions.empty()) return command.sessions;
  if (command.where.empty()) {
    return Error{core::Errc::invalid_argument, "say whose answers: --session or --where"};
  }
  const auto answer = query(backend, "calls by session where " + command.where + " top 100000");
  if (!answer) return answer.error();
  std::vector<std::string> sessions;
  for (const Json& group : list_at(*answer, "groups")) {
    std::string session = text_at(group, "session");
    if (!session.empty()) sessions.push_back(std::move(session));
  }
  return sessions;
}

struct Counts {
  std::uint64_t passed = 0;
  std::uint64_t failed = 0;
  std::uint64_t recorded = 0;
  std::uint64_t known = 0;
};

/// Adds one answer of the server, and shows what did not pass.
void take(const Json& answer, const Output& output, Counts& counts, Table& table) {
  if (output.json) std::puts(dump(answer).c_str());
  counts.passed += number_at(answer, "passed").value_or(0);
  counts.failed += number_at(answer, "failed").value_or(0);
  counts.recorded += number_at(answer, "recorded").value_or(0);
  counts.known += number_at(answer, "known").value_or(0);
  for (const Json& result : list_at(answer, "results")) {
    if (flag_at(result, "passed")) continue;
    table.add(
        {text_at(result, "session"), text_at(result, "message_id"), text_at(result, "reason")});
  }
}

Result<int> evaluate(Backend& backend, const ScoresCommand& command, const Output& output) {
  const auto evaluator = evaluator_of(command);
  if (!evaluator) return evaluator.error();
  const auto sessions = sessions_of(backend, command);
  if (!sessions) return sessions.error();
  Counts counts;
  Table table({{"session"}, {"answer"}, {"why not", Table::Align::left, true}});
  for (std::size_t from = 0; from < sessions->size(); from += kSessionsAtOnce) {
    Json body;
    body.add("evaluator", *evaluator);
    if (!command.name.empty()) body.add("name", command.name);
    body.add("which", command.last ? "last" : "all");
    body.add("record", !command.dry_run);
    Json list = Json::Array{};
    const std::size_t until = std::min(sessions->size(), from + kSessionsAtOnce);
    for (std::size_t i = from; i < until; ++i) list.push((*sessions)[i]);
    body.add("sessions", std::move(list));
    const auto answer = call_json(backend, Call{http::Method::post, "/v1/evaluations", dump(body)});
    if (!answer) return answer.error();
    take(*answer, output, counts, table);
  }
  if (output.json) return 0;
  if (counts.failed > 0) std::fputs(table.text(output.columns).c_str(), stdout);
  std::printf("%s passed, %s did not; %s scores recorded, %s known already\n",
              grouped(counts.passed).c_str(), grouped(counts.failed).c_str(),
              grouped(counts.recorded).c_str(), grouped(counts.known).c_str());
  return 0;
}

}  // namespace

Result<int> run_scores(Backend& backend, const ScoresCommand& command, const Output& output) {
  switch (command.action) {
    case ScoresCommand::Action::add:
      return add_score(backend, command, output);
    case ScoresCommand::Action::evaluate:
      return evaluate(backend, command, output);
    case ScoresCommand::Action::list:
      break;
  }
  return list_scores(backend, output);
}

}  // namespace hansard::cli
