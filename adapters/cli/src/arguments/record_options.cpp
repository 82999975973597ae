// What comes in, and what is copied: import, export, backup, restore.
#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>

#include "arguments/options.h"
#include "importers/formats.h"

namespace hansard::cli {

namespace {

/// Empty if it is a format of `import`, else what is wrong.
std::string format_name(const std::string& name) {
  std::string names = "auto";
  if (name == names || importers::format_named(name) != nullptr) return {};
  for (const importers::Format& each : importers::formats()) {
    names.append(", ").append(each.name);
  }
  return "expected one of " + names;
}

}  // namespace

void add_import_options(CLI::App& app, ImportCommand& command) {
  app.add_option("files", command.files,
                 "Files (plain, gzip, zstd, .eval) or directories; - is standard input")
      ->required();
  app.add_option("--format", command.format, "auto, or what the files are: see the README")
      ->check(format_name);
  app.add_flag("--print", command.print,
               "Print what would be recorded, as lines for POST /v1/ingest?as=recording, and "
               "record nothing");
  CLI::Option* keys = app.add_option("--keys", command.keys, "Key file of the export (--restore)");
  app.add_flag("--restore", command.restore,
               "Make an empty data directory the log that the file is a whole export of")
      ->needs(keys)
      ->excludes("--print")
      ->excludes("--url");
  keys->needs("--restore");
}

void add_export_options(CLI::App& app, ExportCommand& command) {
  app.add_option("--out", command.out, "File to write; - is standard output (-)");
  app.add_option("--keys", command.keys,
                 "Also write the keys to this file (0600): a restore needs both");
  CLI::Option* session =
      app.add_option("--session", command.sessions, "Only this session; may be repeated");
  for (CLI::Option* filter : add_session_filters(app, command.filters)) filter->excludes(session);
}

void add_append_options(CLI::App& app, AppendCommand& command) {
  app.add_option("file", command.file, "JSON or NDJSON; - is standard input");
}

void add_backup_options(CLI::App& app, BackupCommand& command) {
  using Action = BackupCommand::Action;
  app.require_subcommand(0, 1);
  app.fallthrough();
  app.add_option("directory", command.directory,
                 "Directory to make; with --url an absolute path on the server's machine");
  app.add_flag("--with-signing-key", command.with_signing_key,
               "Take the signing key along: who has it can sign another past");
  CLI::App* verify = app.add_subcommand("verify", "Read a backup where it lies, every byte");
  verify->add_option("directory", command.directory, "The backup")->required();
  verify->add_flag("--quick", command.quick, "Files only: derive no root from the events");
  verify->add_option("--key", command.key, "That must have signed, as /v1/audit/head has it");
  verify->parse_complete_callback([&command] { command.action = Action::verify; });
}

void add_restore_options(CLI::App& app, RestoreCommand& command) {
  app.add_option("backup", command.backup, "The backup")->required();
  CLI::Option* position = app.add_option("--to-position", command.to_position,
                                         "Only up to this position, itself included");
  app.add_option("--to-time", command.to_time,
                 "Only what was recorded at or before this time (RFC 3339)")
      ->excludes(position);
  app.add_flag("--clone", command.clone,
               "A log of its own from here: a new epoch, although nothing is left out");
  app.add_option("--ledger", command.ledger,
                 "Erasure ledger to put beside the new directory: what it names stays erased");
}

}  // namespace hansard::cli
