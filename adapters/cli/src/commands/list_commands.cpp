#include <cstdio>
#include <string>
#include <utility>

#include "commands.h"
#include "text/json_view.h"
#include "text/money_text.h"
#include "text/terminal.h"

namespace hansard::cli {

namespace {

using core::Result;
using events::Json;
using Align = Table::Align;

constexpr std::uint64_t kPageMax = 200;  ///< of the route

std::string count_text(const Json& object, std::string_view key) {
  return grouped(number_at(object, key).value_or(0));
}

/// Absent is not zero: a source that does not count its tokens is shown as such.
std::string tokens_text(const Json* tokens, std::string_view key) {
  if (tokens == nullptr) return "-";
  const auto count = number_at(*tokens, key);
  return count ? grouped(*count) : "-";
}

std::string joined(const Json::Array& list) {
  std::string text;
  for (const Json& element : list) text += (text.empty() ? "" : ",") + text_of(&element);
  return text;
}

Table sessions_table() {
  return Table({{"session", Align::left, true},
                {"last activity"},
                {"status"},
                {"user", Align::left, true},
                {"agent"},
                {"models", Align::left, true},
                {"messages", Align::right},
                {"tools", Align::right},
                {"tokens in", Align::right},
                {"out", Align::right},
                {"title", Align::left, true}});
}

void add_session(Table& table, const Json& session) {
  static const Json kNothing = Json::Object{};
  const Json* found = session.find("counts");
  const Json& counts = found == nullptr ? kNothing : *found;
  const std::uint64_t messages =
      number_at(counts, "messages").value_or(0) + number_at(counts, "responses").value_or(0);
  const Json* tokens = session.find("tokens");
  std::string title = text_at(session, "title");
  if (title.empty()) title = text_at(session, "preview");
  std::string when = text_at(session, "last_activity_at").substr(0, 16);
  if (when.size() > 10) when[10] = ' ';
  table.add({text_at(session, "session_id"), when,
             flag_at(session, "erasing") ? "erasing" : text_at(session, "status"),
             text_at(session, "user"), text_at(session, "agent"),
             joined(list_at(session, "models")), grouped(messages),
             count_text(counts, "tool_calls"), tokens_text(tokens, "input"),
             tokens_text(tokens, "output"), shorten(title, 60)});
}

std::string average_text(const Json& group, std::string_view key) {
  const Json* sums = group.find(key);
  const auto average = sums == nullptr ? std::nullopt : number_at(*sums, "avg_us");
  return average ? duration_text(*average) : "-";
}

void add_group(Table& table, const Json::Array& dimensions, const Json& group, bool total,
               bool as_model) {
  std::vector<std::string> cells;
  for (const Json& dimension : dimensions) {
    const Json* key = group.find(text_of(&dimension));
    const bool known = key != nullptr && key->is_string();
    if (total) {
      cells.emplace_back(cells.empty() ? "total" : "");
    } else {
      cells.push_back(known ? text_of(key) : "unknown");
    }
  }
  const Json* tokens = group.find("tokens");
  cells.push_back(count_text(group, "calls"));
  cells.push_back(count_text(group, "failures"));
  cells.push_back(tokens_text(tokens, "input"));
  cells.push_back(tokens_text(tokens, "input_cache_read"));
  cells.push_back(tokens_text(tokens, "output"));
  cells.push_back(tokens_text(tokens, "output_reasoning"));
  cells.push_back(count_text(group, "calls_without_usage"));
  cells.push_back(average_text(group, "latency"));
  cells.push_back(average_text(group, "ttft"));
  cells.push_back(money_text(group.find("cost")));
  cells.push_back(money_text(group.find("saved_cost")));
  if (as_model) cells.push_back(money_text(group.find("cost_as_model")));
  table.add(std::move(cells));
}

/// What the sums do not say by themselves.
void print_doubts(const Json& total) {
  for (const auto& [key, what] :
       {std::pair("calls_unpriced", "calls have no known price and are not in the cost"),
        std::pair("calls_partly_priced", "calls have tokens without a price, left out of the cost"),
        std::pair("calls_cost_estimated", "calls have a cost that rests on an assumption"),
        std::pair("calls_estimated", "calls have tokens that were estimated, not told")}) {
    if (const auto calls = number_at(total, key)) {
      std::printf("%s %s\n", grouped(*calls).c_str(), what);
    }
  }
}

}  // namespace

Result<int> run_sessions(Backend& backend, const SessionsCommand& command, const Output& output) {
  Table table = sessions_table();
  std::uint64_t left = command.limit;
  std::string cursor;
  for (;;) {
    TargetBuilder target;
    target.segment("v1").segment("sessions");
    for (const auto& [name, value] : command.filters) {
      if (name != "cursor" || cursor.empty()) target.query(name, value);
    }
    const std::uint64_t page = command.all ? kPageMax : std::min(left, kPageMax);
    target.query("limit", std::to_string(page));
    if (!cursor.empty()) target.query("cursor", cursor);
    const auto answer = get_json(backend, target.text());
    if (!answer) return answer.error();
    const Json::Array& sessions = list_at(*answer, "sessions");
    for (const Json& session : sessions) {
      if (output.json) {
        std::puts(dump(session).c_str());
      } else {
        add_session(table, session);
      }
    }
    left -= std::min<std::uint64_t>(left, sessions.size());
    cursor = text_at(*answer, "next");
    if (cursor.empty() || (!command.all && left == 0)) break;
  }
  if (output.json) return 0;
  std::fputs(table.empty() ? "no conversations\n" : table.text(output.columns).c_str(), stdout);
  if (!cursor.empty()) std::fputs("more: --all, or --cursor ", stdout);
  if (!cursor.empty()) std::puts(printable(cursor).c_str());
  return 0;
}

Result<int> run_usage(Backend& backend, const UsageCommand& command, const Output& output) {
  TargetBuilder target;
  target.segment("v1").segment("usage");
  if (!command.by.empty()) target.query("by", command.by);
  for (const auto& [name, value] : command.filters) target.query(name, value);
  if (!command.as_model.empty()) target.query("as_model", command.as_model);
  const auto answer = get_json(backend, target.text());
  if (!answer) return answer.error();
  if (output.json) {
    std::puts(dump(*answer).c_str());
    return 0;
  }
  const Json::Array& dimensions = list_at(*answer, "group_by");
  std::vector<Table::Column> columns;
  for (const Json& dimension : dimensions) {
    columns.push_back({text_of(&dimension), Align::left, true});
  }
  for (const char* title : {"calls", "failed", "tokens in", "cached", "out", "reasoning",
                            "no usage", "latency", "first token", "cost", "saved"}) {
    columns.push_back({title, Align::right});
  }
  const bool as_model = !command.as_model.empty();
  if (as_model) columns.push_back({"as " + command.as_model, Align::right});
  Table table(std::move(columns));
  for (const Json& group : list_at(*answer, "groups")) {
    add_group(table, dimensions, group, false, as_model);
  }
  const Json* total = answer->find("total");
  // Ungrouped, the only row is the total.
  if (total != nullptr && !dimensions.empty()) {
    add_group(table, dimensions, *total, true, as_model);
  }
  std::fputs(table.text(output.columns).c_str(), stdout);
  if (total != nullptr) print_doubts(*total);
  if (const auto undated = number_at(*answer, "undated_calls_left_out")) {
    std::printf("%s calls without a time are not in these days\n", grouped(*undated).c_str());
  }
  return 0;
}

}  // namespace hansard::cli
