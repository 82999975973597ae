#include "arguments.h"

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <functional>
#include <sstream>

#include "arguments/options.h"
#include "version.h"

namespace hansard::cli {

namespace {

/// Options that every command takes.
void add_common(CLI::App& app, Arguments& out) {
  app.add_flag("--json", out.json, "Print JSON instead of tables");
  app.add_option("--config", out.config, "Configuration file (hansard.toml)");
  app.add_option("--data", out.data, "Data directory (./hansard-data)");
  app.add_option("--project", out.project, "Project (default)");
}

void add_url(CLI::App& app, Arguments& out) {
  app.add_option("--url", out.url, "Talk to the server at http://host:port, or https://");
  app.add_option("--ca-file", out.ca_file,
                 "Certificates that may vouch for it, PEM (those of the system)");
}

/// One command line: the parser, and the options of every command until one is chosen.
class Parser {
 public:
  Parser() {
    app_.require_subcommand(1);
    app_.set_version_flag("--version", kVersion);
    app_.footer(
        "Commands talk to the server of --url, to the one running on --data, or open the data\n"
        "directory themselves when none runs. Exit codes: 0 done, 2 usage, others by error code\n"
        "(core/README.md).");
    add_serve();
    add_recording();
    add_reading();
    add_asking();
    add_deciding();
    add_keeping();
  }

  std::variant<Arguments, Exit> parse(int argc, const char* const* argv) {
    try {
      app_.parse(argc, argv);
    } catch (const CLI::ParseError& error) {
      std::ostringstream text;
      const bool asked = app_.exit(error, text, text) == 0;
      return Exit{asked ? 0 : kExitUsage, text.str()};
    }
    return std::move(out_);
  }

 private:
  /// The command is what `make` gives once it is chosen.
  CLI::App& chosen(const char* name, const char* doc, std::function<Command()> make) {
    CLI::App& app = *app_.add_subcommand(name, doc);
    app.callback([this, make = std::move(make)] { out_.command = make(); });
    add_common(app, out_);
    return app;
  }
  /// One that a server may answer.
  CLI::App& asking(const char* name, const char* doc, std::function<Command()> make) {
    CLI::App& app = chosen(name, doc, std::move(make));
    add_url(app, out_);
    return app;
  }
  /// The same for a command whose options are all there is to it.
  template <class C>
  void add(const char* name, const char* doc, C& command, void (*add_options)(CLI::App&, C&)) {
    add_options(asking(name, doc, [&command] { return command; }), command);
  }

  void add_serve() {
    CLI::App& app = chosen("serve", "Run the engine", [this] { return serve_; });
    app.add_option("--listen", out_.listen, "Addresses to serve (127.0.0.1:7070)");
    app.add_option("--threads", out_.threads, "Threads of the event loop (one per core, at most 4)")
        ->check(CLI::Range(0, 1024));
    app.add_option("--log-level", out_.log_level, "debug, info, warn, error or off");
    app.add_flag("--sample", serve_.sample, "Record the built-in sample conversations once");
    app.add_flag("--welcome", serve_.welcome, "Print where to look and lines to paste");
  }

  void add_recording() {
    add("import", "Record conversations from files", import_, add_import_options);
    add_export_options(
        asking("export", "Write the log, a project (--project) or sessions as NDJSON",
               [this] {
                 export_.project = out_.project;
                 return export_;
               }),
        export_);
    add("append", "Append raw events: bodies of POST /v1/append, one a line", append_,
        add_append_options);
  }

  void add_reading() {
    add("sessions", "List conversations, latest activity first", sessions_, add_sessions_options);
    add("show", "Print one conversation", show_, add_show_options);
    add("replay", "Play one conversation as it happened", replay_, add_replay_options);
    add("diff", "What changed between two moments, or in a fork", diff_, add_diff_options);
    add("why", "How one answer came to be", why_, add_why_options);
    add("tail", "Follow the log", tail_, add_tail_options);
  }

  void add_asking() {
    add("usage", "Sum up calls, tokens and latency", usage_, add_usage_options);
    add_query_options(
        asking("query",
               "Ask anything: hansard query 'sum(cost), p95(latency_us) by model, day "
               "where provider = openai since 7d top 10'",
               [this] {
                 for (const std::string& word : query_words_) {
                   query_.text += (query_.text.empty() ? "" : " ") + word;
                 }
                 return query_;
               }),
        query_, query_words_);
    add("report", "Questions that everybody asks, by name; without one: which", report_,
        add_report_options);
    add("search", "Find what was said: words, \"phrases\", beginnings*, OR", search_,
        add_search_options);
    add("models", "Models with their windows, and what a million tokens cost", models_,
        add_models_options);
    add("prices", "Price books on record", prices_, add_prices_options);
  }

  void add_deciding() {
    add("experiments", "Experiments: plan, start, watch, decide", experiments_,
        add_experiment_arguments);
    add("scores", "Judgements: what there are, add one, judge answers", scores_,
        add_score_arguments);
    add("prompts", "Prompts: versions, labels, files in and out", prompts_, add_prompt_arguments);
    add_key_arguments(asking("keys", "Keys of the API: what there are, make one, take one away",
                             [this] {
                               keys_.project = out_.project;
                               return keys_;
                             }),
                      keys_);
    add("audit", "Who did what; what followed; one conversation on one page", audit_,
        add_audit_arguments);
  }

  void add_keeping() {
    add("verify", "Re-read every byte: checksums, order, indexes, tree, views", verify_,
        add_verify_options);
    add("projections", "Where each view stands; retry or rebuild one", projections_,
        add_projections_options);
    add_doctor_options(
        chosen("doctor", "Look at a data directory that does not open", [this] { return doctor_; }),
        doctor_);
    add("erase", "Destroy the content of a session, a message or a user", erase_,
        add_erase_options);
    add("hold", "Keep the content of a session from being erased", hold_, add_hold_options);
    add("retention", "What the rules of retention would erase; or do it", retention_,
        add_retention_options);
    add_backup_options(asking("backup", "Copy the whole log to a directory, while it records",
                              [this] {
                                if (backup_.directory.empty()) {
                                  throw CLI::RequiredError("directory");
                                }
                                return backup_;
                              }),
                       backup_);
    add_restore_options(
        chosen("restore", "Make a data directory from a backup", [this] { return restore_; }),
        restore_);
    add("prove", "Write a conversation, or an event, with all that it takes to check it", prove_,
        add_prove_options);
    add_check_proof_options(
        chosen("check-proof", "Check what `prove` wrote; needs no log and no network",
               [this] { return check_proof_; }),
        check_proof_);
  }

  CLI::App app_{"Hansard: the official record of what people, models and tools said", "hansard"};
  Arguments out_;
  ServeCommand serve_;
  ImportCommand import_;
  ExportCommand export_;
  AppendCommand append_;
  SessionsCommand sessions_;
  ShowCommand show_;
  ReplayCommand replay_;
  DiffCommand diff_;
  WhyCommand why_;
  TailCommand tail_;
  UsageCommand usage_;
  QueryCommand query_;
  ReportCommand report_;
  std::vector<std::string> query_words_;
  ExperimentsCommand experiments_;
  ScoresCommand scores_;
  PromptsCommand prompts_;
  KeysCommand keys_;
  AuditCommand audit_;
  SearchCommand search_;
  ModelsCommand models_;
  PricesCommand prices_;
  VerifyCommand verify_;
  EraseCommand erase_;
  HoldCommand hold_;
  RetentionCommand retention_;
  ProjectionsCommand projections_;
  DoctorCommand doctor_;
  BackupCommand backup_;
  RestoreCommand restore_;
  ProveCommand prove_;
  CheckProofCommand check_proof_;
};

}  // namespace

std::variant<Arguments, Exit> parse_arguments(int argc, const char* const* argv) {
  return Parser().parse(argc, argv);
}

}  // namespace hansard::cli
