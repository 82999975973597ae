// `hansard report`: questions that everybody asks, by name.
#include <cstdio>

#include "commands.h"
#include "text/json_view.h"
#include "text/query_text.h"
#include "text/report_text.h"
#include "text/terminal.h"

namespace hansard::cli {

namespace {

using core::Result;
using events::Json;

Result<int> list_reports(Backend& backend, const Output& output) {
  const auto answer = get_json(backend, "/v1/reports");
  if (!answer) return answer.error();
  if (output.json) {
    std::puts(dump(*answer).c_str());
    return 0;
  }
  Table table({{"report"}, {"answers", Table::Align::left, true}});
  for (const Json& report : list_at(*answer, "reports")) {
    table.add({text_at(report, "report"), text_at(report, "question")});
  }
  std::fputs(table.text(output.columns).c_str(), stdout);
  std::puts("hansard report NAME [--since 7d] [--where 'user = ada'] [--zone Europe/Berlin]");
  return 0;
}

}  // namespace

Result<int> run_report(Backend& backend, const ReportCommand& command, const Output& output) {
  if (command.name.empty()) return list_reports(backend, output);
  TargetBuilder target;
  target.segment("v1").segment("reports").segment(command.name);
  for (const auto& [name, value] : command.filters) target.query(name, value);
  const auto answer = get_json(backend, target.text());
  if (!answer) return answer.error();
  if (output.json) {
    std::puts(dump(*answer).c_str());
    return 0;
  }
  std::puts(printable(text_at(*answer, "question")).c_str());
  const Json* last = nullptr;
  const auto& sections = list_at(*answer, "sections");
  for (const Json& section : sections) {
    // What is not there needs no table, but for the question itself.
    const Json* groups = section.find("answer");
    const bool empty = groups == nullptr || list_at(*groups, "groups").empty();
    if (empty && &section != &sections.front()) continue;
    std::printf("\n%s\n", printable(text_at(section, "title")).c_str());
    std::fputs(section_text(section, output.columns).c_str(), stdout);
    std::printf("hansard query '%s'\n", printable(text_at(section, "text")).c_str());
    last = section.find("answer");
  }
  if (last != nullptr) std::printf("\n%s", query_remarks(*last).c_str());
  return 0;
}

}  // namespace hansard::cli
