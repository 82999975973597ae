#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace CLI {
class App;
}  // namespace CLI

namespace hansard::cli {

/// `hansard prompts`.
struct PromptsCommand {
  enum class Action : std::uint8_t {
    list,
    show,
    store,
    render,
    promote,
    label,
    roll_back,
    tag,
    diff,
    drop,
    write_files,
    read_files
  } action = Action::list;
  std::string name;
  std::optional<std::string> version;  ///< or a label, or `latest`
  std::optional<std::string> label;
  std::optional<std::string> comment;
  std::optional<std::string> as_of;
  bool remove = false;  ///< of `label`
  // list
  std::vector<std::pair<std::string, std::string>> filters;  ///< query parameters of the route
  // store, import, export
  std::vector<std::string> files;  ///< `-`: standard input or output
  std::string directory;
  std::vector<std::string> names;
  std::vector<std::string> labels;
  bool no_labels = false;
  // render
  std::vector<std::string> variables;  ///< `name=text`, `name:=JSON`
  std::string variables_file;          ///< a JSON object
  // tag
  std::vector<std::string> tags;
  // diff, rollback
  std::optional<std::string> from;
  std::optional<std::string> to;
};

/// Adds the subcommands of `prompts`, which fill `command`; it outlives parsing.
void add_prompt_arguments(CLI::App& prompts, PromptsCommand& command);

}  // namespace hansard::cli
