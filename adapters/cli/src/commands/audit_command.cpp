// `hansard audit`: who did what, what followed from it, and one conversation on one page.
#include <algorithm>
#include <cerrno>
#include <charconv>
#include <chrono>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <optional>
#include <utility>

#include "audit/report_proof.h"
#include "commands.h"
#include "core/time.h"
#include "text/json_view.h"
#include "text/terminal.h"

namespace hansard::cli {

namespace {

using core::Errc;
using core::Error;
using core::Result;
using events::Json;

/// `7d` before now, or the time that it is.
Result<std::string> moment(const std::string& text, const char* option) {
  if (const auto time = core::parse_time(text)) return core::format_time(*time);
  std::uint64_t count = 0;
  const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), count);
  const std::string_view unit(end, static_cast<std::size_t>(text.data() + text.size() - end));
  const std::uint64_t seconds = unit == "m"   ? 60
                                : unit == "h" ? 3600
                                : unit == "d" ? 86'400
                                : unit == "w" ? 604'800
                                              : 0;
  if (failed != std::errc() || seconds == 0 || count > 1'000'000) {
    return Error{Errc::invalid_argument,
                 std::string(option) + " " + text + ": expected 30m, 12h, 7d, 2w or a time",
                 option};
  }
  const auto now =
      std::chrono::time_point_cast<std::chrono::microseconds>(std::chrono::system_clock::now());
  return core::format_time(now - std::chrono::seconds(static_cast<std::int64_t>(count * seconds)));
}

/// `2026-11-21 08:30:07`
std::string second_of(const std::string& time) {
  std::string shown = time.substr(0, 19);
  if (shown.size() == 19) shown[10] = ' ';
  return shown;
}

std::string actor_of(const Json& event) {
  const std::string name = text_at(event, "key");
  return name.empty() ? text_at(event, "actor") : name;
}

Result<int> log(Backend& backend, const AuditCommand& command, const Output& output) {
  std::optional<std::string> from;
  std::optional<std::string> to;
  if (!command.since.empty()) {
    auto said = moment(command.since, "--since");
    if (!said) return said.error();
    from = *std::move(said);
  }
  if (!command.until.empty()) {
    auto said = moment(command.until, "--until");
    if (!said) return said.error();
    to = *std::move(said);
  }
  using Align = Table::Align;
  Table table({{"position", Align::right},
               {"recorded (UTC)"},
               {"actor"},
               {"type"},
               {"stream", Align::left, true},
               {"event"}});
  std::uint64_t left = command.limit;
  std::optional<std::uint64_t> cursor;
  do {
    TargetBuilder target;
    target.segment("v1").segment("audit").segment("log");
    for (const auto& [name, value] : command.filters) target.query(name, value);
    if (from) target.query("from", *from);
    if (to) target.query("to", *to);
    if (cursor) target.query("cursor", std::to_string(*cursor));
    target.query("limit", std::to_string(std::min<std::uint64_t>(left, 1000)));
    const auto page = get_json(backend, target.text());
    if (!page) return page.error();
    for (const Json& event : list_at(*page, "events")) {
      --left;
      if (output.json) {
        std::puts(dump(event).c_str());
        continue;
      }
      table.add({grouped(number_at(event, "position").value_or(0)),
                 second_of(text_at(event, "recorded_at")), actor_of(event), text_at(event, "type"),
                 text_at(event, "stream") + " v" +
                     std::to_string(number_at(event, "version").value_or(0)),
                 text_at(event, "event_id")});
    }
    cursor = number_at(*page, "next");
  } while (cursor && left > 0);
  if (output.json) return 0;
  if (table.empty()) {
    std::puts("nothing on record fits");
    return 0;
  }
  std::fputs(table.text(output.columns).c_str(), stdout);
  if (cursor) std::puts("there are more: --limit, or --since");
  return 0;
}

void print_tree(const Json& event, std::size_t depth) {
  std::printf("%s%s  %s  %s v%llu  %s\n", std::string(2 * depth, ' ').c_str(),
              printable(text_at(event, "type")).c_str(),
              second_of(text_at(event, "recorded_at")).c_str(),
              printable(text_at(event, "stream")).c_str(),
              static_cast<unsigned long long>(number_at(event, "version").value_or(0)),
              printable(actor_of(event)).c_str());
  for (const Json& child : list_at(event, "children")) print_tree(child, depth + 1);
}

Result<int> trace(Backend& backend, const AuditCommand& command, const Output& output) {
  TargetBuilder target;
  target.segment("v1").segment("audit").segment("trace");
  target.query(command.correlation ? "correlation" : "event", command.id);
  const auto answer = get_json(backend, target.text());
  if (!answer) return answer.error();
  if (output.json) {
    std::puts(dump(*answer).c_str());
    return 0;
  }
  for (const Json& root : list_at(*answer, "events")) print_tree(root, 0);
  if (number_at(*answer, "next")) std::puts("...: more may follow further on in the log");
  return 0;
}

Result<int> report(Backend& backend, const AuditCommand& command) {
  TargetBuilder target;
  target.segment("v1").segment("audit").segment("report");
  target.query("session", command.id).query("format", command.format);
  const auto answer = backend.call({http::Method::get, target.text(), {}});
  if (!answer) return answer.error();
  if (answer->status / 100 != 2) return error_of(*answer);
  auto attached = with_proof(backend, command.id, command.format == "html", answer->body);
  // A page that says what was read is worth having without a proof; one with a wrong proof is not.
  if (!attached && attached.error().code == Errc::corruption) return attached.error();
  if (!attached) {
    std::fprintf(stderr, "hansard: no proof is attached: %s\n",
                 printable(attached.error().message).c_str());
  }
  const std::string& page = attached ? *attached : answer->body;
  if (command.file == "-") {
    std::fwrite(page.data(), 1, page.size(), stdout);
    return 0;
  }
  std::ofstream out(command.file, std::ios::binary | std::ios::trunc);
  out << page;
  out.close();
  if (!out) {
    return Error{Errc::unavailable, "--out " + command.file + ": " + std::strerror(errno), "out"};
  }
  return 0;
}

}  // namespace

Result<int> run_audit(Backend& backend, const AuditCommand& command, const Output& output) {
  switch (command.action) {
    case AuditCommand::Action::trace:
      return trace(backend, command, output);
    case AuditCommand::Action::report:
      return report(backend, command);
    case AuditCommand::Action::log:
      break;
  }
  return log(backend, command, output);
}

}  // namespace hansard::cli
