// Proofs, erasures, and the state of a directory.
#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <array>

#include "arguments/options.h"

namespace hansard::cli {

void add_verify_options(CLI::App& app, VerifyCommand& command) {
  app.add_option("--threads", command.threads, "Threads that read (one per core)")
      ->check(CLI::Range(1, 64));
  app.add_option("--from-head", command.from_head,
                 "Trust this head (SIZE:ROOT, or a signed note), read only what came after it");
  app.add_option("--against", command.against,
                 "Signed notes kept elsewhere, each of which must be of this log");
  app.add_option("--key", command.key,
                 "Who must have signed those, or handed over to who did (any key of the log)");
  app.add_flag("!--no-views", command.views, "Leave views and the index of texts alone");
}

void add_erase_options(CLI::App& app, EraseCommand& command) {
  app.add_option("--session", command.session, "Everything said in this session");
  app.add_option("--message", command.message, "Only this message of it, and what repeats it");
  app.add_option("--stream", command.stream, "In place of a session: calls-*, assignment-*");
  app.add_option("--user", command.user, "Everything of this user");
  app.add_option("--reason", command.reason, "A word, kept for ever (requested)");
  app.add_option("--comment", command.comment, "In words; erasable");
  app.add_option("--id", command.id, "Of the erasure (derived)");
  app.add_flag("--dry-run", command.dry_run, "Say what would go, and do nothing");
  app.add_flag("--wait", command.wait, "Until no file has it (always without a server)");
  app.add_flag("--list", command.list, "Erasures under way, and the latest that are done");
}

void add_hold_options(CLI::App& app, HoldCommand& command) {
  app.add_option("session", command.session, "The session")->required();
  app.add_option("--hold", command.hold, "Name of the hold, a word (hold)");
  app.add_option("--reason", command.reason, "A word, kept for ever (requested)");
  app.add_option("--comment", command.comment, "In words; erasable");
  app.add_flag("--release", command.release, "End it");
}

void add_retention_options(CLI::App& app, RetentionCommand& command) {
  app.add_flag("--apply", command.apply, "Erase it now");
}

void add_prove_options(CLI::App& app, ProveCommand& command) {
  CLI::Option_group* what = app.add_option_group("what");
  what->add_option("--session", command.session, "All of this session");
  what->add_option("--stream", command.stream, "All of this stream");
  what->add_option("--event", command.event, "This event, by its id or position");
  what->require_option(1);
  app.add_option("-o,--out", command.out, "File to write; - is standard output (-)");
  app.add_option("--checkpoint", command.checkpoint,
                 "Also show how the log grew from the last checkpoint in this file");
}

void add_check_proof_options(CLI::App& app, CheckProofCommand& command) {
  app.add_option("file", command.file, "The file; - is standard input")->required();
  app.add_option("--key", command.key, "The key that must have signed, from elsewhere");
  app.add_option("--checkpoint", command.checkpoint,
                 "File of a checkpoint kept elsewhere: the log must have grown from it");
}

void add_projections_options(CLI::App& app, ProjectionsCommand& command) {
  using Action = ProjectionsCommand::Action;
  app.require_subcommand(0, 1);
  app.fallthrough();
  const std::array<std::pair<const char*, Action>, 2> actions{
      {{"retry", Action::retry}, {"rebuild", Action::rebuild}}};
  for (const auto& [name, action] : actions) {
    CLI::App* sub = app.add_subcommand(name);
    sub->description(action == Action::retry ? "Try a stopped view again from where it stopped"
                                             : "Build a view anew beside the old, then swap");
    sub->add_option("name", command.name, "Name of the view")->required();
    sub->parse_complete_callback([&command, action = action] { command.action = action; });
  }
}

void add_doctor_options(CLI::App& app, DoctorCommand& command) {
  CLI::Option* loss = app.add_flag("--accept-loss", command.accept_loss,
                                   "Go on although acknowledged events are missing");
  CLI::Option* repair = app.add_flag("--repair", command.repair,
                                     "Rebuild indexes, tiles, views and search from the events")
                            ->excludes(loss);
  app.add_flag("--new-signing-key", command.new_signing_key,
               "Go on, in another epoch, although the key that signed is lost")
      ->excludes(loss)
      ->excludes(repair);
}

}  // namespace hansard::cli
