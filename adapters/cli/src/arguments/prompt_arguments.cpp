#include "arguments/prompt_arguments.h"

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>

namespace hansard::cli {

namespace {

using Action = PromptsCommand::Action;

CLI::App& add(CLI::App& prompts, PromptsCommand& command, Action action, const char* name,
              const char* what) {
  CLI::App& sub = *prompts.add_subcommand(name, what);
  sub.parse_complete_callback([&command, action] { command.action = action; });
  return sub;
}

void named(CLI::App& sub, PromptsCommand& command) {
  sub.add_option("name", command.name, "The prompt")->required();
}

void commented(CLI::App& sub, PromptsCommand& command) {
  sub.add_option("--comment", command.comment, "Why; it stays in the history");
}

void add_reading(CLI::App& prompts, PromptsCommand& command) {
  CLI::App& list = add(prompts, command, Action::list, "list", "Prompts by name");
  const auto filter = [&](const char* option, const char* name, const char* what) {
    list.add_option_function<std::vector<std::string>>(
        option,
        [&command, name](const std::vector<std::string>& values) {
          for (const std::string& value : values) command.filters.emplace_back(name, value);
        },
        what);
  };
  filter("--prefix", "prefix", "Names that begin so");
  filter("--label", "label", "With this label");
  filter("--tag", "tag", "With a version that has this tag (repeatable: all of them)");

  CLI::App& show = add(prompts, command, Action::show, "show",
                       "A prompt and its history, or what one version says");
  named(show, command);
  show.add_option("version", command.version, "A version, a label, or latest");
  show.add_option("--as-of", command.as_of, "As it stood: version:7, position:120, a time");

  CLI::App& render =
      add(prompts, command, Action::render, "render", "A version with values in its places");
  named(render, command);
  render.add_option("--version", command.version,
                    "A version, a label, or latest (the one in production)");
  render.add_option("--var", command.variables, "name=text, or name:=JSON (repeatable)");
  render.add_option("--vars", command.variables_file, "A file with a JSON object of values");

  CLI::App& diff = add(prompts, command, Action::diff, "diff", "What changed between two versions");
  named(diff, command);
  diff.add_option("from", command.from, "A version, a label (production)");
  diff.add_option("to", command.to, "Another (latest)");
}

void add_changing(CLI::App& prompts, PromptsCommand& command) {
  CLI::App& store = add(prompts, command, Action::store, "store", "Store a version from a file");
  named(store, command);
  store.add_option("file", command.files, "As `prompts show NAME VERSION` prints it; - (stdin)")
      ->expected(1)
      ->required();
  store.add_option("--version", command.version, "Its name (the next number)");
  store.add_option("--label", command.labels, "That is to name it (repeatable)");
  commented(store, command);

  CLI::App& promote =
      add(prompts, command, Action::promote, "promote", "Put a version into production");
  named(promote, command);
  promote.add_option("version", command.version, "A version, a label, or latest")->required();
  commented(promote, command);

  CLI::App& label = add(prompts, command, Action::label, "label", "Move a label to a version");
  named(label, command);
  label.add_option("label", command.label, "staging, or any other")->required();
  CLI::Option* version =
      label.add_option("version", command.version, "A version, a label, or latest");
  label.add_flag("--remove", command.remove, "It names none any more")->excludes(version);
  commented(label, command);

  CLI::App& back = add(prompts, command, Action::roll_back, "rollback",
                       "Back to the version that was in production before");
  named(back, command);
  back.add_option("--from", command.from, "The version to leave: then a repeat does nothing");
  commented(back, command);

  CLI::App& tag = add(prompts, command, Action::tag, "tag", "Replace the tags of a version");
  named(tag, command);
  tag.add_option("version", command.version, "A version, a label, or latest")->required();
  tag.add_option("tags", command.tags, "All of them; none: it has none any more");

  CLI::App& drop = add(prompts, command, Action::drop, "delete", "Offer a version no longer");
  named(drop, command);
  drop.add_option("version", command.version, "Its name; that stays taken")->required();
}

void add_files(CLI::App& prompts, PromptsCommand& command) {
  CLI::App& out = add(prompts, command, Action::write_files, "export",
                      "Write all versions as files, DIRECTORY/NAME/VERSION.prompt");
  out.add_option("directory", command.directory, "Where; it is made")->required();
  out.add_option("names", command.names, "Only these prompts");

  CLI::App& in = add(prompts, command, Action::read_files, "import",
                     "Store what files say; known versions stay as they are");
  in.add_option("files", command.files, "Files, or directories of them")->required();
  in.add_flag("--no-labels", command.no_labels, "Move no labels");
}

}  // namespace

void add_prompt_arguments(CLI::App& prompts, PromptsCommand& command) {
  prompts.require_subcommand(0, 1);
  prompts.fallthrough();
  add_reading(prompts, command);
  add_changing(prompts, command);
  add_files(prompts, command);
}

}  // namespace hansard::cli
