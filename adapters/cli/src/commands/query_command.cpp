// `hansard query`: a question as people type it, and its answer as a table.
#include <chrono>
#include <cstdio>
#include <fstream>
#include <iostream>
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
namespace query = projections::query;

Result<std::string> text_from(const QueryCommand& command) {
  const bool standard = command.file == "-" || (command.file.empty() && command.text == "-");
  if (command.file.empty() && !standard) return command.text;
  if (!command.file.empty() && !command.text.empty()) {
    return Error{core::Errc::invalid_argument, "give the query or --file, not both"};
  }
  std::ifstream file;
  if (!standard) file.open(command.file, std::ios::binary);
  std::istream& from = standard ? std::cin : file;
  if (!from) return Error{core::Errc::not_found, "cannot open " + command.file};
  std::string text;
  char piece[4096];
  // One byte beyond the bound is enough to be refused for it.
  while (text.size() <= query::kQueryTextBytesMax &&
         (from.read(piece, sizeof piece), from.gcount() > 0)) {
    text.append(piece, static_cast<std::size_t>(from.gcount()));
  }
  return text;
}

Result<std::string> ask(Backend& backend, const std::string& text, const char* format) {
  Json body;
  body.add("text", text);
  body.add("format", format);
  auto answer = backend.call(Call{http::Method::post, "/v1/query", dump(body)});
  if (!answer) return std::move(answer).error();
  if (answer->status / 100 != 2) return error_of(*answer);
  return std::move(answer->body);
}

}  // namespace

Result<int> run_query(Backend& backend, const QueryCommand& command, const Output& output) {
  const auto text = text_from(command);
  if (!text) return text.error();
  // Read here as well, because only here a finger can be put on the word.
  const auto now = std::chrono::floor<std::chrono::microseconds>(std::chrono::system_clock::now());
  const auto read = query::read_text(*text, now);
  if (const auto* error = std::get_if<query::TextError>(&read)) {
    std::fprintf(stderr, "hansard: %s\n%s", printable(error->message).c_str(),
                 pointed(*text, *error).c_str());
    return core::traits(core::Errc::invalid_argument).exit_code;
  }
  const char* format = command.csv ? "csv" : command.ndjson ? "ndjson" : "json";
  const auto answer = ask(backend, *text, format);
  if (!answer) return answer.error();
  if (command.csv || command.ndjson || output.json) {
    std::fputs(answer->c_str(), stdout);
    if (!answer->ends_with('\n')) std::fputc('\n', stdout);
    return 0;
  }
  const auto tree = events::parse_json(*answer);
  if (!tree) return Error{core::Errc::corruption, "the answer is no JSON"};
  std::fputs(query_table(*tree, output.columns).c_str(), stdout);
  std::fputs(query_remarks(*tree).c_str(), stdout);
  return 0;
}

}  // namespace hansard::cli
