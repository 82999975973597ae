#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace CLI {
class App;
}  // namespace CLI

namespace hansard::cli {

/// `hansard scores`.
struct ScoresCommand {
  enum class Action : std::uint8_t { list, add, evaluate } action = Action::list;
  // add
  std::string session;
  std::string name;
  std::string value;  ///< JSON, else a text
  std::optional<std::string> message;
  std::optional<std::string> call;
  std::optional<std::string> id;
  std::optional<std::string> comment;
  // evaluate
  std::vector<std::string> sessions;
  std::string where;  ///< instead: sessions of the calls that a query's conditions keep
  std::optional<std::string> exact;
  std::vector<std::string> contains;
  std::vector<std::string> not_contains;
  std::optional<std::string> regex;
  std::string schema_file;
  std::optional<double> number;
  double tolerance = 0;
  bool relative = false;
  bool last = false;
  bool dry_run = false;
};

/// Adds the subcommands of `scores`, which fill `command`; it outlives parsing.
void add_score_arguments(CLI::App& scores, ScoresCommand& command);

}  // namespace hansard::cli
