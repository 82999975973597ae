#include <unistd.h>

#include <cstdio>
#include <string>
#include <utility>

#include "commands.h"
#include "text/json_view.h"
#include "text/terminal.h"

namespace hansard::cli {

namespace {

using core::Result;
using events::Json;

/// How what matched is shown.
struct Marks {
  const char* open;
  const char* close;
};
constexpr Marks kBold{"\x1b[1m", "\x1b[0m"};
constexpr Marks kPlain{"[", "]"};  ///< where there is no terminal

/// The stretch of text around the matches, on one line.
std::string snippet_text(const Json& hit, const Marks& marks) {
  std::string out = flag_at(hit, "cut_before") ? "... " : "";
  for (const Json& piece : list_at(hit, "snippet")) {
    std::string text = text_at(piece, "text");
    for (char& c : text) {
      if (c == '\n' || c == '\r' || c == '\t') c = ' ';
    }
    const bool match = flag_at(piece, "match");
    if (match) out += marks.open;
    out += printable(text);
    if (match) out += marks.close;
  }
  return out + (flag_at(hit, "cut_after") ? " ..." : "");
}

/// Who said it, and what it was where that is no message.
std::string speaker(const Json& hit) {
  std::string out = text_at(hit, "role");
  const std::string kind = text_at(hit, "kind");
  if (kind == "failed_answer") out += " (failed answer)";
  if (kind == "tool_call") out += ", call of " + text_at(hit, "tool");
  if (kind == "tool_result") out += ", result of " + text_at(hit, "tool");
  if (kind == "tool_error") out += ", error of " + text_at(hit, "tool");
  if (kind == "answer" && !text_at(hit, "model").empty()) out += ", " + text_at(hit, "model");
  return printable(out);
}

void print_hit(const Json& hit, const Marks& marks) {
  std::string when = text_at(hit, "at").substr(0, 19);
  if (when.size() > 10) when[10] = ' ';
  std::string whose = text_at(hit, "session_id");
  if (!text_at(hit, "user").empty()) whose += " (" + text_at(hit, "user") + ")";
  std::printf("%s  %s  %s  message %s of %s, version %s, position %s\n", printable(whose).c_str(),
              when.c_str(), speaker(hit).c_str(),
              grouped(number_at(hit, "place").value_or(0)).c_str(),
              grouped(number_at(hit, "places").value_or(0)).c_str(),
              std::to_string(number_at(hit, "version").value_or(0)).c_str(),
              std::to_string(number_at(hit, "position").value_or(0)).c_str());
  std::printf("    %s\n", snippet_text(hit, marks).c_str());
}

/// How much there is, how far the index is, and how to go on.
void print_rest(const Json& answer, std::uint64_t shown) {
  const std::string matched = grouped(number_at(answer, "matched").value_or(0));
  if (flag_at(answer, "more")) {
    std::printf("%s shown; more than %s texts match, the newest %s are ranked\n",
                grouped(shown).c_str(), matched.c_str(), matched.c_str());
  } else {
    std::printf("%s of %s shown\n", grouped(shown).c_str(), matched.c_str());
  }
  const std::string next = text_at(answer, "next");
  if (!next.empty()) std::printf("next page: --cursor %s\n", printable(next).c_str());
}

}  // namespace

Result<int> run_search(Backend& backend, const SearchCommand& command, const Output& output) {
  std::string query;
  for (const std::string& word : command.words) query += (query.empty() ? "" : " ") + word;
  TargetBuilder target;
  target.segment("v1").segment("search").query("q", query);
  for (const auto& [name, value] : command.filters) target.query(name, value);
  target.query("limit", std::to_string(command.limit));
  const auto answer = get_json(backend, target.text());
  if (!answer) return answer.error();
  if (output.json) {
    std::puts(dump(*answer).c_str());
    return 0;
  }
  const Json::Array& hits = list_at(*answer, "hits");
  if (hits.empty()) {
    std::puts("nothing found");
    return 0;
  }
  const Marks& marks = is_terminal(STDOUT_FILENO) ? kBold : kPlain;
  for (const Json& hit : hits) print_hit(hit, marks);
  print_rest(*answer, hits.size());
  return 0;
}

}  // namespace hansard::cli
