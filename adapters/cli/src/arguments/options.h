#pragma once

#include <string>
#include <utility>
#include <vector>

#include "arguments.h"

namespace CLI {
class App;
class Option;
}  // namespace CLI

/// The options of each command, without those that all have. Each function adds them to `app`, and
/// they fill `command` while a line is parsed; it outlives that.
namespace hansard::cli {

using Filters = std::vector<std::pair<std::string, std::string>>;

/// A filter that becomes a query parameter of the same name.
CLI::Option* add_filter(CLI::App& app, Filters& filters, const std::string& name,
                        const std::string& doc);
/// The same for one that may be given several times.
CLI::Option* add_repeated(CLI::App& app, Filters& filters, const std::string& name,
                          const std::string& doc);
/// What sessions can be chosen by.
std::vector<CLI::Option*> add_session_filters(CLI::App& app, Filters& filters);

// What comes in, and what is copied: import, export, backup, restore.
void add_import_options(CLI::App& app, ImportCommand& command);
void add_export_options(CLI::App& app, ExportCommand& command);
void add_append_options(CLI::App& app, AppendCommand& command);
void add_backup_options(CLI::App& app, BackupCommand& command);
void add_restore_options(CLI::App& app, RestoreCommand& command);

// Conversations, and the log as it is.
void add_sessions_options(CLI::App& app, SessionsCommand& command);
void add_show_options(CLI::App& app, ShowCommand& command);
void add_replay_options(CLI::App& app, ReplayCommand& command);
void add_diff_options(CLI::App& app, DiffCommand& command);
void add_why_options(CLI::App& app, WhyCommand& command);
void add_tail_options(CLI::App& app, TailCommand& command);

// Sums, prices, questions, search.
void add_usage_options(CLI::App& app, UsageCommand& command);
void add_models_options(CLI::App& app, ModelsCommand& command);
void add_prices_options(CLI::App& app, PricesCommand& command);
void add_search_options(CLI::App& app, SearchCommand& command);
void add_report_options(CLI::App& app, ReportCommand& command);
/// @param words  of the query, to be joined by spaces
void add_query_options(CLI::App& app, QueryCommand& command, std::vector<std::string>& words);

// Proofs, erasures, and the state of a directory.
void add_verify_options(CLI::App& app, VerifyCommand& command);
void add_erase_options(CLI::App& app, EraseCommand& command);
void add_hold_options(CLI::App& app, HoldCommand& command);
void add_retention_options(CLI::App& app, RetentionCommand& command);
void add_prove_options(CLI::App& app, ProveCommand& command);
void add_check_proof_options(CLI::App& app, CheckProofCommand& command);
void add_projections_options(CLI::App& app, ProjectionsCommand& command);
void add_doctor_options(CLI::App& app, DoctorCommand& command);

}  // namespace hansard::cli
