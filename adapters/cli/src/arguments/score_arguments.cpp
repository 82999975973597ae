#include "arguments/score_arguments.h"

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>

namespace hansard::cli {

namespace {

using Action = ScoresCommand::Action;

void add_adding(CLI::App& scores, ScoresCommand& command) {
  CLI::App& add = *scores.add_subcommand("add", "Judge a session, or one message or call of it");
  add.add_option("session", command.session, "Its id")->required();
  add.add_option("name", command.name, "What is judged: thumbs, resolved, ...")->required();
  add.add_option("value", command.value, "A number, true, false, or a category")->required();
  CLI::Option* message = add.add_option("--message", command.message, "Of this message");
  add.add_option("--call", command.call, "Of this call")->excludes(message);
  add.add_option("--id", command.id, "Id of the score (made of what it says)");
  add.add_option("--comment", command.comment, "Why");
  add.parse_complete_callback([&command] { command.action = Action::add; });
}

void add_evaluating(CLI::App& scores, ScoresCommand& command) {
  CLI::App& evaluate =
      *scores.add_subcommand("evaluate", "Judge answers on record without asking a model");
  CLI::Option* sessions =
      evaluate.add_option("--session", command.sessions, "Answers of this session (repeatable)");
  evaluate
      .add_option("--where", command.where,
                  "Answers of the sessions whose calls fit: 'experiment = greeting'")
      ->excludes(sessions);
  evaluate.add_option("--name", command.name, "Metric of the scores (the kind of judge)");
  CLI::Option_group& one = *evaluate.add_option_group("Judges", "One of them");
  one.add_option("--exact", command.exact, "Equal to this, but for white space around it");
  one.add_option("--contains", command.contains, "Has this (repeatable: all of them)");
  one.add_option("--not-contains", command.not_contains, "Has this nowhere (repeatable)");
  one.add_option("--regex", command.regex, "Some part of it matches (RE2)");
  one.add_option("--json-schema", command.schema_file, "Is JSON that fits the schema in this file");
  one.add_option("--number", command.number, "Its last number is this");
  one.require_option(1);
  evaluate.add_option("--tolerance", command.tolerance, "Or this close to it (0)");
  evaluate.add_flag("--relative", command.relative, "The tolerance is a part of the number");
  evaluate.add_flag("--last", command.last, "Only the latest answer of each session");
  evaluate.add_flag("--dry-run", command.dry_run, "Record no scores");
  evaluate.parse_complete_callback([&command] { command.action = Action::evaluate; });
}

}  // namespace

void add_score_arguments(CLI::App& scores, ScoresCommand& command) {
  scores.require_subcommand(0, 1);
  scores.fallthrough();
  add_adding(scores, command);
  add_evaluating(scores, command);
}

}  // namespace hansard::cli
