#pragma once

#include "arguments.h"
#include "backend.h"
#include "engine/settings.h"

namespace hansard::cli {

/// Where a command writes: tables or JSON to `out`, remarks to standard error.
struct Output {
  bool json = false;
  std::size_t columns = 0;  ///< of the terminal, 0: unlimited
};

// Commands that are requests. Each returns an exit code, or the error that decides it.
core::Result<int> run_import(Backend& backend, const ImportCommand& command, const Output& output);
/// `import --print`: asks nobody.
core::Result<int> run_import_print(const ImportCommand& command);
core::Result<int> run_export(Backend& backend, const ExportCommand& command, const Output& output);
core::Result<int> run_append(Backend& backend, const AppendCommand& command, const Output& output);
core::Result<int> run_sessions(Backend& backend, const SessionsCommand& command,
                               const Output& output);
core::Result<int> run_show(Backend& backend, const ShowCommand& command, const Output& output);
core::Result<int> run_replay(Backend& backend, const ReplayCommand& command, const Output& output);
core::Result<int> run_diff(Backend& backend, const DiffCommand& command, const Output& output);
core::Result<int> run_why(Backend& backend, const WhyCommand& command, const Output& output);
core::Result<int> run_tail(Backend& backend, const TailCommand& command, const Output& output);
core::Result<int> run_usage(Backend& backend, const UsageCommand& command, const Output& output);
core::Result<int> run_report(Backend& backend, const ReportCommand& command, const Output& output);
core::Result<int> run_experiments(Backend& backend, const ExperimentsCommand& command,
                                  const Output& output);
core::Result<int> run_scores(Backend& backend, const ScoresCommand& command, const Output& output);
core::Result<int> run_query(Backend& backend, const QueryCommand& command, const Output& output);
core::Result<int> run_models(Backend& backend, const ModelsCommand& command, const Output& output);
core::Result<int> run_prices(Backend& backend, const PricesCommand& command, const Output& output);
core::Result<int> run_prompts(Backend& backend, const PromptsCommand& command,
                              const Output& output);
core::Result<int> run_keys(Backend& backend, const KeysCommand& command, const Output& output);
core::Result<int> run_audit(Backend& backend, const AuditCommand& command, const Output& output);
core::Result<int> run_search(Backend& backend, const SearchCommand& command, const Output& output);
core::Result<int> run_projections(Backend& backend, const ProjectionsCommand& command,
                                  const Output& output);
core::Result<int> run_erase(Backend& backend, const EraseCommand& command, const Output& output);
core::Result<int> run_hold(Backend& backend, const HoldCommand& command, const Output& output);
core::Result<int> run_retention(Backend& backend, const RetentionCommand& command,
                                const Output& output);
/// `command.directory` is absolute, on the machine of the engine.
core::Result<int> run_backup(Backend& backend, const BackupCommand& command, const Output& output);
core::Result<int> run_prove(Backend& backend, const ProveCommand& command, const Output& output);

/// Asks nobody: a file, and what else one has.
core::Result<int> run_check_proof(const CheckProofCommand& command, const Output& output);

// Commands that need the directory itself.
core::Result<int> run_serve(const Settings& settings, const ServeCommand& command);
/// `import --restore`.
core::Result<int> run_restore(const Settings& settings, const ImportCommand& command,
                              const Output& output);
core::Result<int> run_verify(const Settings& settings, const VerifyCommand& command,
                             const Output& output);
/// `doctor --repair`.
core::Result<int> run_repair(const Settings& settings, const Output& output);
/// `backup verify`: of a backup, whatever runs.
core::Result<int> run_backup_verify(const BackupCommand& command, const Output& output);
core::Result<int> run_restore_backup(const Settings& settings, const RestoreCommand& command,
                                     const Output& output);
core::Result<int> run_doctor(const Settings& settings, const DoctorCommand& command,
                             const Output& output);

}  // namespace hansard::cli
