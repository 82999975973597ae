#include "arguments/key_arguments.h"

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>

namespace hansard::cli {

void add_key_arguments(CLI::App& keys, KeysCommand& command) {
  using Action = KeysCommand::Action;
  keys.require_subcommand(0, 1);
  keys.fallthrough();
  keys.add_subcommand("list", "What keys there are (also without a word)");
  CLI::App& create = *keys.add_subcommand("create", "Make a key; its secret is printed once");
  create.add_option("name", command.name, "Of a program or a place, not of a person")->required();
  create.add_option("--scope", command.scopes, "write, read, audit or admin; may be repeated")
      ->required()
      ->delimiter(',');
  CLI::Option* in = create.add_option("--expires-in", command.expires_in, "It ends after 12h, 90d");
  create.add_option("--expires-at", command.expires_at, "Or at this time (RFC 3339)")->excludes(in);
  create.parse_complete_callback([&command] { command.action = Action::create; });
  CLI::App& revoke = *keys.add_subcommand("revoke", "Take a key away, at once and for good");
  revoke.add_option("key", command.name, "Its id, or its name")->required();
  revoke.add_option("--reason", command.reason, "requested, rotated, leaked or unused (requested)");
  revoke.parse_complete_callback([&command] { command.action = Action::revoke; });
  CLI::App& rotate = *keys.add_subcommand(
      "rotate-signing", "Sign checkpoints with a new key from now on; the old one endorses it");
  rotate.parse_complete_callback([&command] { command.action = Action::rotate_signing; });
}

}  // namespace hansard::cli
