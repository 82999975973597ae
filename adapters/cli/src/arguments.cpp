#include "arguments.h"

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <array>
#include <functional>
#include <sstream>

#include "importers/formats.h"
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

using Filters = std::vector<std::pair<std::string, std::string>>;

/// A filter that becomes a query parameter of the same name.
CLI::Option* add_filter(CLI::App& app, Filters& filters, const std::string& name,
                        const std::string& doc) {
  return app.add_option_function<std::string>(
      "--" + name,
      [&filters, name](const std::string& value) { filters.emplace_back(name, value); }, doc);
}

/// The same for one that may be given several times.
CLI::Option* add_repeated(CLI::App& app, Filters& filters, const std::string& name,
                          const std::string& doc) {
  return app.add_option_function<std::vector<std::string>>(
      "--" + name,
      [&filters, name](const std::vector<std::string>& values) {
        for (const std::string& value : values) filters.emplace_back(name, value);
      },
      doc + "; may be repeated");
}

/// What sessions can be chosen by.
std::vector<CLI::Option*> add_session_filters(CLI::App& app, Filters& filters) {
  return {add_filter(app, filters, "user", "Of this user"),
          add_filter(app, filters, "agent", "Of this agent"),
          add_filter(app, filters, "app", "Of this app"),
          add_filter(app, filters, "model", "That asked this model"),
          add_repeated(app, filters, "tag", "With this tag, as key:value"),
          add_filter(app, filters, "status", "active, open or ended"),
          add_filter(app, filters, "from", "Active at or after this time (RFC 3339)"),
          add_filter(app, filters, "to", "Active before this time")};
}

/// Empty if it is a format of `import`, else what is wrong.
std::string format_name(const std::string& name) {
  std::string names = "auto";
  if (name == names || importers::format_named(name) != nullptr) return {};
  for (const importers::Format& each : importers::formats()) {
    names.append(", ").append(each.name);
  }
  return "expected one of " + names;
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
    add_import();
    add_export();
    add_append();
    add_sessions();
    add_show();
    add_replay();
    add_explain();
    add_tail();
    add_usage();
    add_query();
    add_report();
    add_experiments();
    add_scores();
    add_prompts();
    add_search();
    add_prices();
    add_keys();
    add_audit();
    add_operate();
    add_erasure();
    add_backup();
    add_restore();
    add_proofs();
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
  CLI::App& chosen(CLI::App* command, std::function<Command()> make) {
    command->callback([this, make] { out_.command = make(); });
    add_common(*command, out_);
    return *command;
  }

  void add_serve() {
    CLI::App& app =
        chosen(app_.add_subcommand("serve", "Run the engine"), [this] { return serve_; });
    app.add_option("--listen", out_.listen, "Addresses to serve (127.0.0.1:7070)");
    app.add_option("--threads", out_.threads, "Threads of the event loop (one per core, at most 4)")
        ->check(CLI::Range(0, 1024));
    app.add_option("--log-level", out_.log_level, "debug, info, warn, error or off");
    app.add_flag("--sample", serve_.sample, "Record the built-in sample conversations once");
    app.add_flag("--welcome", serve_.welcome, "Print where to look and lines to paste");
  }

  void add_import() {
    CLI::App& app = chosen(app_.add_subcommand("import", "Record conversations from files"),
                           [this] { return import_; });
    add_url(app, out_);
    app.add_option("files", import_.files,
                   "Files (plain, gzip, zstd, .eval) or directories; - is standard input")
        ->required();
    app.add_option("--format", import_.format, "auto, or what the files are: see the README")
        ->check(format_name);
    app.add_flag("--print", import_.print,
                 "Print what would be recorded, as lines for POST /v1/ingest?as=recording, and "
                 "record nothing");
    CLI::Option* keys =
        app.add_option("--keys", import_.keys, "Key file of the export (--restore)");
    app.add_flag("--restore", import_.restore,
                 "Make an empty data directory the log that the file is a whole export of")
        ->needs(keys)
        ->excludes("--print")
        ->excludes("--url");
    keys->needs("--restore");
  }

  void add_export() {
    CLI::App& app = chosen(
        app_.add_subcommand("export", "Write the log, a project (--project) or sessions as NDJSON"),
        [this] {
          export_.project = out_.project;
          return export_;
        });
    add_url(app, out_);
    app.add_option("--out", export_.out, "File to write; - is standard output (-)");
    app.add_option("--keys", export_.keys,
                   "Also write the keys to this file (0600): a restore needs both");
    CLI::Option* session =
        app.add_option("--session", export_.sessions, "Only this session; may be repeated");
    for (CLI::Option* filter : add_session_filters(app, export_.filters)) filter->excludes(session);
  }

  void add_append() {
    CLI::App& app = chosen(
        app_.add_subcommand("append", "Append raw events: bodies of POST /v1/append, one a line"),
        [this] { return append_; });
    add_url(app, out_);
    app.add_option("file", append_.file, "JSON or NDJSON; - is standard input");
  }

  void add_sessions() {
    CLI::App& app =
        chosen(app_.add_subcommand("sessions", "List conversations, latest activity first"),
               [this] { return sessions_; });
    add_url(app, out_);
    add_session_filters(app, sessions_.filters);
    add_filter(app, sessions_.filters, "cursor", "Continue where a page ended");
    app.add_option("--limit", sessions_.limit, "Most to list (50)")->check(CLI::PositiveNumber);
    app.add_flag("--all", sessions_.all, "List every one");
  }

  void add_show() {
    CLI::App& app =
        chosen(app_.add_subcommand("show", "Print one conversation"), [this] { return show_; });
    add_url(app, out_);
    app.add_option("session", show_.session, "Session id")->required();
    app.add_option("--as-of", show_.as_of, "As it stood: version:7, position:120 or a time");
    app.add_flag("--tree", show_.tree, "Print the forks around it instead");
  }

  void add_replay() {
    CLI::App& app = chosen(app_.add_subcommand("replay", "Play one conversation as it happened"),
                           [this] { return replay_; });
    add_url(app, out_);
    app.add_option("session", replay_.session, "Session id")->required();
    app.add_option("--speed", replay_.speed, "Faster or slower: 2x, 0.5x (1)");
    app.add_option("--max-gap", replay_.max_gap, "Longest wait: 2s, 500ms, 0 (5s)");
    app.add_option("--from", replay_.from, "Start at this version");
    app.add_option("--as-of", replay_.as_of, "As it stood: version:7, position:120 or a time");
    app.add_flag("--step", replay_.step, "Wait for Enter instead");
  }

  void add_explain() {
    CLI::App& diff =
        chosen(app_.add_subcommand("diff", "What changed between two moments, or in a fork"),
               [this] { return diff_; });
    add_url(diff, out_);
    diff.add_option("session", diff_.session, "Session id")->required();
    diff.add_option("--from", diff_.from, "From: version:3, position:120 or a time");
    diff.add_option("--to", diff_.to, "To, likewise (now)");
    diff.add_option("--to-session", diff_.to_session, "Compare with this session, such as a fork");
    CLI::App& why =
        chosen(app_.add_subcommand("why", "How one answer came to be"), [this] { return why_; });
    add_url(why, out_);
    why.add_option("session", why_.session, "Session id")->required();
    CLI::Option* call = why.add_option("--call", why_.call, "The call, by its call_id");
    why.add_option("--message", why_.message, "Or its answer, by message_id")->excludes(call);
  }

  void add_tail() {
    CLI::App& app = chosen(app_.add_subcommand("tail", "Follow the log"), [this] { return tail_; });
    add_url(app, out_);
    app.add_option("--from", tail_.from, "Start at this position");
    app.add_option("-n,--last", tail_.last, "Start this many events before the end (10)");
    app.add_option("--type", tail_.types, "Only events of these types");
    app.add_flag("!--no-follow", tail_.follow, "Stop at the end of the log");
  }

  void add_usage() {
    CLI::App& app = chosen(app_.add_subcommand("usage", "Sum up calls, tokens and latency"),
                           [this] { return usage_; });
    add_url(app, out_);
    app.add_option("--by", usage_.by, "Group by day, user, session, provider, model (commas)");
    add_filter(app, usage_.filters, "user", "Of this user");
    add_filter(app, usage_.filters, "session", "Of this session");
    add_filter(app, usage_.filters, "provider", "Of this provider");
    add_filter(app, usage_.filters, "model", "Of this model");
    add_filter(app, usage_.filters, "from", "From this day (2026-11-21)");
    add_filter(app, usage_.filters, "to", "Up to and including this day");
    app.add_option("--as-model", usage_.as_model,
                   "Also what it would have cost: MODEL or PROVIDER/MODEL");
  }

  void add_prices() {
    CLI::App& models = chosen(
        app_.add_subcommand("models", "Models with their windows, and what a million tokens cost"),
        [this] { return models_; });
    add_url(models, out_);
    models.add_option("pattern", models_.pattern,
                      "Part of a name; with * at its end its beginning");
    add_filter(models, models_.filters, "provider", "At this provider");
    add_filter(models, models_.filters, "mode", "chat, embedding, ...");
    add_filter(models, models_.filters, "at", "As of this time (RFC 3339)");
    models.add_option("--limit", models_.limit, "Most to show (50)")->check(CLI::Range(1, 10'000));

    CLI::App& prices =
        chosen(app_.add_subcommand("prices", "Price books on record"), [this] { return prices_; });
    add_url(prices, out_);
    prices.require_subcommand(0, 1);
    prices.fallthrough();
    using Action = PricesCommand::Action;
    CLI::App* show = prices.add_subcommand("show", "What a model costs");
    show->add_option("model", prices_.model, "Its name")->required();
    add_filter(*show, prices_.filters, "provider", "At this provider");
    add_filter(*show, prices_.filters, "at", "As of this time (RFC 3339)");
    CLI::App* set = prices.add_subcommand("set", "Publish prices for this project from a file");
    set->add_option("file", prices_.file, "A book: see events/README.md")->required();
    set->parse_complete_callback([this] { prices_.action = Action::set; });
    CLI::App* diff = prices.add_subcommand("diff", "Costs by the prices of two positions");
    add_filter(*diff, prices_.filters, "from", "Prices published before this position")->required();
    add_filter(*diff, prices_.filters, "to", "And before this one (the end)");
    add_filter(*diff, prices_.filters, "by", "Dimensions by commas (model)");
    diff->parse_complete_callback([this] { prices_.action = Action::diff; });
  }

  void add_prompts() {
    CLI::App& prompts =
        chosen(app_.add_subcommand("prompts", "Prompts: versions, labels, files in and out"),
               [this] { return prompts_; });
    add_url(prompts, out_);
    add_prompt_arguments(prompts, prompts_);
  }

  void add_experiments() {
    CLI::App& experiments =
        chosen(app_.add_subcommand("experiments", "Experiments: plan, start, watch, decide"),
               [this] { return experiments_; });
    add_url(experiments, out_);
    add_experiment_arguments(experiments, experiments_);
  }

  void add_scores() {
    CLI::App& scores =
        chosen(app_.add_subcommand("scores", "Judgements: what there are, add one, judge answers"),
               [this] { return scores_; });
    add_url(scores, out_);
    add_score_arguments(scores, scores_);
  }

  void add_keys() {
    CLI::App& keys = chosen(
        app_.add_subcommand("keys", "Keys of the API: what there are, make one, take one away"),
        [this] {
          keys_.project = out_.project;
          return keys_;
        });
    add_url(keys, out_);
    add_key_arguments(keys, keys_);
  }

  void add_audit() {
    CLI::App& audit = chosen(
        app_.add_subcommand("audit", "Who did what; what followed; one conversation on one page"),
        [this] { return audit_; });
    add_url(audit, out_);
    add_audit_arguments(audit, audit_);
  }

  void add_search() {
    CLI::App& app = chosen(
        app_.add_subcommand("search", "Find what was said: words, \"phrases\", beginnings*, OR"),
        [this] { return search_; });
    add_url(app, out_);
    app.add_option("words", search_.words,
                   "What to find; leave out with -not, behind -- when it comes first")
        ->required();
    Filters& filters = search_.filters;
    add_filter(app, filters, "session", "In this session");
    add_filter(app, filters, "user", "In sessions of this user");
    add_filter(app, filters, "agent", "In sessions of this agent");
    add_filter(app, filters, "app", "In sessions of this app");
    add_filter(app, filters, "source", "In sessions recorded by this: api, import, gateway");
    add_filter(app, filters, "provider", "In answers of this provider");
    add_filter(app, filters, "model", "In answers of this model");
    add_filter(app, filters, "tool", "In calls and outcomes of this tool");
    add_repeated(app, filters, "tag", "In sessions with this tag, as key:value");
    add_repeated(app, filters, "role", "Said by system, developer, user, agent, assistant or tool");
    add_repeated(app, filters, "kind",
                 "message, answer, failed_answer, system, tool_call, tool_result, tool_error");
    add_filter(app, filters, "from", "Said at or after this time (RFC 3339)");
    add_filter(app, filters, "to", "Said before this time");
    add_filter(app, filters, "cursor", "Continue where a page ended");
    app.add_option("--limit", search_.limit, "Most to show (10)")->check(CLI::Range(1, 100));
  }

  void add_report() {
    CLI::App& app = chosen(
        app_.add_subcommand("report", "Questions that everybody asks, by name; without one: which"),
        [this] { return report_; });
    add_url(app, out_);
    app.add_option("name", report_.name, "costs, sessions, users, latency, ...");
    add_filter(app, report_.filters, "since", "90m, 36h, 7d, 2w before now, or a time (7d)");
    add_filter(app, report_.filters, "from", "First day or time");
    add_filter(app, report_.filters, "to", "First moment left out");
    add_filter(app, report_.filters, "period", "today, this week, last month, last 7 days, ...");
    add_filter(app, report_.filters, "where", "Further conditions, as in a query");
    add_filter(app, report_.filters, "zone", "Time zone of days: Europe/Berlin (UTC)");
    app.add_option_function<std::string>(
        "--as-of",
        [this](const std::string& value) { report_.filters.emplace_back("as_of", value); },
        "Only what was recorded before this position");
  }

  void add_query() {
    CLI::App& app = chosen(
        app_.add_subcommand("query",
                            "Ask anything: hansard query 'sum(cost), p95(latency_us) by model, day "
                            "where provider = openai since 7d top 10'"),
        [this] {
          for (const std::string& word : query_words_) {
            query_.text += (query_.text.empty() ? "" : " ") + word;
          }
          return query_;
        });
    add_url(app, out_);
    app.add_option("query", query_words_, "Measures, then by, where, since ...; - reads it");
    app.add_option("--file", query_.file, "Read the query from this file; - is standard input");
    CLI::Option* csv = app.add_flag("--csv", query_.csv, "Print CSV instead of a table");
    app.add_flag("--ndjson", query_.ndjson, "Print NDJSON: what holds for all, then a group a line")
        ->excludes(csv);
  }

  void add_verify() {
    CLI::App& app = chosen(
        app_.add_subcommand("verify", "Re-read every byte: checksums, order, indexes, tree, views"),
        [this] { return verify_; });
    app.add_option("--threads", verify_.threads, "Threads that read (one per core)")
        ->check(CLI::Range(1, 64));
    app.add_option("--from-head", verify_.from_head,
                   "Trust this head (SIZE:ROOT, or a signed note), read only what came after it");
    app.add_option("--against", verify_.against,
                   "Signed notes kept elsewhere, each of which must be of this log");
    app.add_option("--key", verify_.key,
                   "Who must have signed those, or handed over to who did (any key of the log)");
    app.add_flag("!--no-views", verify_.views, "Leave views and the index of texts alone");
    add_url(app, out_);
  }

  void add_erasure() {
    CLI::App& erase = chosen(
        app_.add_subcommand("erase", "Destroy the content of a session, a message or a user"),
        [this] { return erase_; });
    add_url(erase, out_);
    erase.add_option("--session", erase_.session, "Everything said in this session");
    erase.add_option("--message", erase_.message, "Only this message of it, and what repeats it");
    erase.add_option("--stream", erase_.stream, "In place of a session: calls-*, assignment-*");
    erase.add_option("--user", erase_.user, "Everything of this user");
    erase.add_option("--reason", erase_.reason, "A word, kept for ever (requested)");
    erase.add_option("--comment", erase_.comment, "In words; erasable");
    erase.add_option("--id", erase_.id, "Of the erasure (derived)");
    erase.add_flag("--dry-run", erase_.dry_run, "Say what would go, and do nothing");
    erase.add_flag("--wait", erase_.wait, "Until no file has it (always without a server)");
    erase.add_flag("--list", erase_.list, "Erasures under way, and the latest that are done");

    CLI::App& hold =
        chosen(app_.add_subcommand("hold", "Keep the content of a session from being erased"),
               [this] { return hold_; });
    add_url(hold, out_);
    hold.add_option("session", hold_.session, "The session")->required();
    hold.add_option("--hold", hold_.hold, "Name of the hold, a word (hold)");
    hold.add_option("--reason", hold_.reason, "A word, kept for ever (requested)");
    hold.add_option("--comment", hold_.comment, "In words; erasable");
    hold.add_flag("--release", hold_.release, "End it");

    CLI::App& retention = chosen(
        app_.add_subcommand("retention", "What the rules of retention would erase; or do it"),
        [this] { return retention_; });
    add_url(retention, out_);
    retention.add_flag("--apply", retention_.apply, "Erase it now");
  }

  void add_proofs() {
    CLI::App& prove = chosen(
        app_.add_subcommand(
            "prove", "Write a conversation, or an event, with all that it takes to check it"),
        [this] { return prove_; });
    add_url(prove, out_);
    CLI::Option_group* what = prove.add_option_group("what");
    what->add_option("--session", prove_.session, "All of this session");
    what->add_option("--stream", prove_.stream, "All of this stream");
    what->add_option("--event", prove_.event, "This event, by its id or position");
    what->require_option(1);
    prove.add_option("-o,--out", prove_.out, "File to write; - is standard output (-)");
    prove.add_option("--checkpoint", prove_.checkpoint,
                     "Also show how the log grew from the last checkpoint in this file");
    CLI::App& check = chosen(
        app_.add_subcommand("check-proof", "Check what `prove` wrote; needs no log and no network"),
        [this] { return check_proof_; });
    check.add_option("file", check_proof_.file, "The file; - is standard input")->required();
    check.add_option("--key", check_proof_.key, "The key that must have signed, from elsewhere");
    check.add_option("--checkpoint", check_proof_.checkpoint,
                     "File of a checkpoint kept elsewhere: the log must have grown from it");
  }

  void add_operate() {
    add_verify();
    using Action = ProjectionsCommand::Action;
    CLI::App& projections =
        chosen(app_.add_subcommand("projections", "Where each view stands; retry or rebuild one"),
               [this] { return projections_; });
    add_url(projections, out_);
    projections.require_subcommand(0, 1);
    projections.fallthrough();
    const std::array<std::pair<const char*, Action>, 2> actions{
        {{"retry", Action::retry}, {"rebuild", Action::rebuild}}};
    for (const auto& [name, action] : actions) {
      CLI::App* sub = projections.add_subcommand(name);
      sub->description(action == Action::retry ? "Try a stopped view again from where it stopped"
                                               : "Build a view anew beside the old, then swap");
      sub->add_option("name", projections_.name, "Name of the view")->required();
      sub->parse_complete_callback([this, action = action] { projections_.action = action; });
    }
    CLI::App& doctor =
        chosen(app_.add_subcommand("doctor", "Look at a data directory that does not open"),
               [this] { return doctor_; });
    CLI::Option* loss = doctor.add_flag("--accept-loss", doctor_.accept_loss,
                                        "Go on although acknowledged events are missing");
    CLI::Option* repair = doctor
                              .add_flag("--repair", doctor_.repair,
                                        "Rebuild indexes, tiles, views and search from the events")
                              ->excludes(loss);
    doctor
        .add_flag("--new-signing-key", doctor_.new_signing_key,
                  "Go on, in another epoch, although the key that signed is lost")
        ->excludes(loss)
        ->excludes(repair);
  }

  void add_backup() {
    using Action = BackupCommand::Action;
    CLI::App& app =
        chosen(app_.add_subcommand("backup", "Copy the whole log to a directory, while it records"),
               [this] {
                 if (backup_.directory.empty()) throw CLI::RequiredError("directory");
                 return backup_;
               });
    add_url(app, out_);
    app.require_subcommand(0, 1);
    app.fallthrough();
    app.add_option("directory", backup_.directory,
                   "Directory to make; with --url an absolute path on the server's machine");
    app.add_flag("--with-signing-key", backup_.with_signing_key,
                 "Take the signing key along: who has it can sign another past");
    CLI::App* verify = app.add_subcommand("verify", "Read a backup where it lies, every byte");
    verify->add_option("directory", backup_.directory, "The backup")->required();
    verify->add_flag("--quick", backup_.quick, "Files only: derive no root from the events");
    verify->add_option("--key", backup_.key, "That must have signed, as /v1/audit/head has it");
    verify->parse_complete_callback([this] { backup_.action = Action::verify; });
  }

  void add_restore() {
    CLI::App& app = chosen(app_.add_subcommand("restore", "Make a data directory from a backup"),
                           [this] { return restore_; });
    app.add_option("backup", restore_.backup, "The backup")->required();
    CLI::Option* position = app.add_option("--to-position", restore_.to_position,
                                           "Only up to this position, itself included");
    app.add_option("--to-time", restore_.to_time,
                   "Only what was recorded at or before this time (RFC 3339)")
        ->excludes(position);
    app.add_flag("--clone", restore_.clone,
                 "A log of its own from here: a new epoch, although nothing is left out");
    app.add_option("--ledger", restore_.ledger,
                   "Erasure ledger to put beside the new directory: what it names stays erased");
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
