#include "cli/run.h"

#include <csignal>
#include <cstdio>
#include <exception>
#include <filesystem>
#include <string>
#include <utility>

#include "commands.h"
#include "local_backend.h"
#include "text/terminal.h"

namespace hansard::cli {

namespace {

using core::Error;
using core::Result;

Result<Settings> settings_of(const Arguments& arguments) {
  auto settings = load_settings(arguments.config, process_environment());
  if (!settings) return settings;
  if (arguments.data) settings->data = *arguments.data;
  // A directory named on the command line is meant, whatever server the environment names.
  if (arguments.data) settings->url.reset();
  if (arguments.url) settings->url = arguments.url;
  if (arguments.ca_file) settings->ca_file = *arguments.ca_file;
  if (arguments.project) settings->project = *arguments.project;
  if (!arguments.listen.empty()) settings->listen = arguments.listen;
  if (arguments.threads) settings->threads = *arguments.threads;
  if (arguments.log_level) settings->log_level = *arguments.log_level;
  return settings;
}

/// The engine behind a command: a server, or the directory itself when none runs on it.
Result<std::unique_ptr<Backend>> backend_for(const Settings& settings, Access access) {
  if (settings.url) {
    return connect_url(*settings.url, settings.project, settings.key.value_or(""),
                       settings.ca_file);
  }
  auto running =
      connect_socket(std::filesystem::path(settings.data) / kSocketName, settings.project);
  if (running || running.error().code != core::Errc::not_found) return running;
  return open_local(settings, access);
}

/// Chooses what runs a command.
struct Dispatch {
  const Settings& settings;
  const Output& output;

  Result<int> operator()(const ServeCommand& command) const { return run_serve(settings, command); }
  Result<int> operator()(const VerifyCommand& command) const {
    return run_verify(settings, command, output);
  }
  Result<int> operator()(const ProveCommand& command) const {
    return with(Access::read_log, run_prove, command);
  }
  Result<int> operator()(const CheckProofCommand& command) const {
    return run_check_proof(command, output);
  }
  Result<int> operator()(const DoctorCommand& command) const {
    return run_doctor(settings, command, output);
  }
  Result<int> operator()(const ImportCommand& command) const {
    if (command.print) return run_import_print(command);
    if (command.restore) return run_restore(settings, command, output);
    return with(Access::record, run_import, command);
  }
  Result<int> operator()(ExportCommand command) const {
    command.data = settings.data;
    const bool views = !command.filters.empty();
    return with(views ? Access::read_views : Access::read_log, run_export, command);
  }
  Result<int> operator()(const AppendCommand& command) const {
    return with(Access::record, run_append, command);
  }
  Result<int> operator()(const SessionsCommand& command) const {
    return with(Access::read_views, run_sessions, command);
  }
  Result<int> operator()(const ShowCommand& command) const {
    return with(Access::read_log, run_show, command);
  }
  Result<int> operator()(const ReplayCommand& command) const {
    return with(Access::read_log, run_replay, command);
  }
  Result<int> operator()(const DiffCommand& command) const {
    return with(Access::read_log, run_diff, command);
  }
  Result<int> operator()(const WhyCommand& command) const {
    return with(Access::read_log, run_why, command);
  }
  Result<int> operator()(const TailCommand& command) const {
    return with(Access::read_log, run_tail, command);
  }
  Result<int> operator()(const UsageCommand& command) const {
    return with(Access::read_views, run_usage, command);
  }
  Result<int> operator()(const ModelsCommand& command) const {
    return with(Access::read_log, run_models, command);
  }
  Result<int> operator()(const PricesCommand& command) const {
    using Action = PricesCommand::Action;
    if (command.action == Action::set) return with(Access::record, run_prices, command);
    const bool calls = command.action == Action::diff;
    return with(calls ? Access::read_views : Access::read_log, run_prices, command);
  }
  Result<int> operator()(const ReportCommand& command) const {
    return with(Access::read_views, run_report, command);
  }
  Result<int> operator()(const QueryCommand& command) const {
    return with(Access::read_views, run_query, command);
  }
  Result<int> operator()(const ExperimentsCommand& command) const {
    using Action = ExperimentsCommand::Action;
    // Deciding needs a view; acting, and exposing, record.
    const bool views = command.action == Action::list || command.action == Action::show ||
                       command.action == Action::power;
    const bool decides = command.action == Action::decide;
    return with(views     ? Access::read_views
                : decides ? Access::operate
                          : Access::record,
                run_experiments, command);
  }
  Result<int> operator()(const ScoresCommand& command) const {
    const bool list = command.action == ScoresCommand::Action::list;
    return with(list ? Access::read_views : Access::operate, run_scores, command);
  }
  Result<int> operator()(const PromptsCommand& command) const {
    using Action = PromptsCommand::Action;
    const Action action = command.action;
    const bool list = action == Action::list || action == Action::write_files;
    const bool read = action == Action::show || action == Action::render || action == Action::diff;
    const Access access = list ? Access::read_views : read ? Access::read_log : Access::record;
    return with(access, run_prompts, command);
  }
  Result<int> operator()(const KeysCommand& command) const {
    const bool list = command.action == KeysCommand::Action::list;
    return with(list ? Access::read_log : Access::record, run_keys, command);
  }
  Result<int> operator()(const AuditCommand& command) const {
    return with(Access::read_log, run_audit, command);
  }
  Result<int> operator()(const SearchCommand& command) const {
    return with(Access::read_texts, run_search, command);
  }
  Result<int> operator()(const ProjectionsCommand& command) const {
    const bool list = command.action == ProjectionsCommand::Action::list;
    return with(list ? Access::read_views : Access::operate, run_projections, command);
  }

  Result<int> operator()(const EraseCommand& command) const {
    return with(Access::operate, run_erase, command);
  }
  Result<int> operator()(const HoldCommand& command) const {
    return with(Access::record, run_hold, command);
  }
  Result<int> operator()(const RetentionCommand& command) const {
    return with(command.apply ? Access::operate : Access::read_views, run_retention, command);
  }
  Result<int> operator()(BackupCommand command) const {
    if (command.action == BackupCommand::Action::verify) return run_backup_verify(command, output);
    // What a server makes of a path of ours is a matter of where it runs.
    if (!settings.url) command.directory = std::filesystem::absolute(command.directory).string();
    return with(Access::read_log, run_backup, command);
  }
  Result<int> operator()(const RestoreCommand& command) const {
    return run_restore_backup(settings, command, output);
  }

  template <class C>
  Result<int> with(Access access, Result<int> (*command)(Backend&, const C&, const Output&),
                   const C& arguments) const {
    auto backend = backend_for(settings, access);
    if (!backend) return std::move(backend).error();
    return command(**backend, arguments, output);
  }
};

int tell(const Error& error) {
  const core::ErrorTraits& traits = core::traits(error.code);
  std::fprintf(stderr, "hansard: %s: %s\n", std::string(traits.name).c_str(),
               printable(error.message).c_str());
  for (const core::Violation& violation : error.violations) {
    std::fprintf(stderr, "  %s: expected %s, found %s\n", printable(violation.stream).c_str(),
                 printable(violation.expected).c_str(), printable(violation.actual).c_str());
  }
  return traits.exit_code;
}

}  // namespace

int run(int argc, const char* const* argv) {
  std::signal(SIGPIPE, SIG_IGN);  // a closed pipe is an error of the write
  auto parsed = parse_arguments(argc, argv);
  if (const auto* exit = std::get_if<Exit>(&parsed)) {
    std::fputs(exit->text.c_str(), exit->code == 0 ? stdout : stderr);
    return exit->code;
  }
  const auto& arguments = std::get<Arguments>(parsed);
  const auto settings = settings_of(arguments);
  if (!settings) return tell(settings.error());
  const Output output{arguments.json, terminal_columns()};
  const auto code = std::visit(Dispatch{*settings, output}, arguments.command);
  if (!code) return tell(code.error());
  return *code;
}

}  // namespace hansard::cli
