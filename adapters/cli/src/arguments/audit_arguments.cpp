#include "arguments/audit_arguments.h"

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>

namespace hansard::cli {

void add_audit_arguments(CLI::App& audit, AuditCommand& command) {
  using Action = AuditCommand::Action;
  audit.require_subcommand(0, 1);
  const auto filter = [&](const std::string& name, const std::string& doc) {
    audit.add_option_function<std::vector<std::string>>(
        "--" + name,
        [&command, name](const std::vector<std::string>& values) {
          for (const std::string& value : values) command.filters.emplace_back(name, value);
        },
        doc);
  };
  filter("actor", "By this key: its name, its id, or none");
  filter("type", "Only events of this type; may be repeated");
  filter("session", "Of this conversation");
  filter("correlation", "Of what belongs to this event");
  audit.add_option("--since", command.since, "From 7d, 12h, 30m before now, or from a time on");
  audit.add_option("--until", command.until, "Before this time (RFC 3339)");
  audit.add_option("--limit", command.limit, "Most to list (1000)")->check(CLI::PositiveNumber);

  CLI::App& trace = *audit.add_subcommand("trace", "What followed from what, as a tree");
  trace.add_option("id", command.id, "An event of it")->required();
  trace.add_flag("--correlation", command.correlation, "The id is a correlation");
  trace.parse_complete_callback([&command] { command.action = Action::trace; });
  trace.fallthrough();
  CLI::App& report = *audit.add_subcommand("report", "One conversation on one page, to be judged");
  report.add_option("session", command.id, "Session id")->required();
  report.add_option("--format", command.format, "md or html (md)")
      ->check(CLI::IsMember({"md", "html"}));
  report.add_option("-o,--out", command.file, "File to write; - is standard output (-)");
  report.parse_complete_callback([&command] { command.action = Action::report; });
  report.fallthrough();
}

}  // namespace hansard::cli
