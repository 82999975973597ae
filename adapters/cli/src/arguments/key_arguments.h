#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace CLI {
class App;
}  // namespace CLI

namespace hansard::cli {

/// `hansard keys`.
struct KeysCommand {
  enum class Action : std::uint8_t { list, create, revoke, rotate_signing } action = Action::list;
  std::optional<std::string> project;  ///< of `create` and `list`; nothing: that of who asks
  std::string name;                    ///< of `create`; of `revoke` also an id
  std::vector<std::string> scopes;
  std::optional<std::string> expires_in;
  std::optional<std::string> expires_at;
  std::optional<std::string> reason;
};

/// Adds the subcommands of `keys`, which fill `command`; it outlives parsing.
void add_key_arguments(CLI::App& keys, KeysCommand& command);

}  // namespace hansard::cli
