#include <cstdio>
#include <string>

#include "commands.h"
#include "text/conversation_text.h"
#include "text/json_view.h"
#include "text/terminal.h"

namespace hansard::cli {

namespace {

using core::Result;
using events::Json;

/// `retry at version 3 · ended · 4 messages`.
std::string branch_text(const Json& node, const std::string& asked) {
  std::string line = text_at(node, "session");
  if (line == asked) line += " *";
  add_piece(line, text_at(node, "title"));
  if (const auto at = number_at(node, "at_version")) {
    const std::string reason = text_at(node, "reason");
    add_piece(line, (reason.empty() ? "fork" : reason) + " at version " + std::to_string(*at));
  }
  const Json* found = node.find("found");
  if (found != nullptr && found->if_boolean() != nullptr && !*found->if_boolean()) {
    add_piece(line, "not in the record");
    return printable(line) + "\n";
  }
  add_piece(line, text_at(node, "status"));
  add_piece(line, grouped(number_at(node, "messages").value_or(0)) + " messages");
  return printable(line) + "\n";
}

void add_branches(const Json& node, const std::string& asked, const std::string& before,
                  std::string& out) {
  const Json::Array& forks = list_at(node, "forks");
  for (const Json& fork : forks) {
    const bool last = &fork == &forks.back();
    out += before + (last ? "└─ " : "├─ ") + branch_text(fork, asked);
    add_branches(fork, asked, before + (last ? "   " : "│  "), out);
  }
}

Result<int> show_tree(Backend& backend, const std::string& session, const Output& output) {
  TargetBuilder target;
  target.segment("v1").segment("sessions").segment(session).segment("forks");
  const auto forks = get_json(backend, target.text());
  if (!forks) return forks.error();
  if (output.json) {
    std::puts(dump(*forks).c_str());
    return 0;
  }
  static const Json kNothing = Json::Object{};
  const Json* tree = forks->find("tree");
  const std::string asked = text_at(*forks, "session");
  const Json& root = tree == nullptr ? kNothing : *tree;
  std::string out = branch_text(root, asked);
  add_branches(root, asked, "", out);
  std::fputs(out.c_str(), stdout);
  if (flag_at(*forks, "cut")) std::puts("and more: the tree is cut here");
  return 0;
}

}  // namespace

Result<int> run_show(Backend& backend, const ShowCommand& command, const Output& output) {
  if (command.tree) return show_tree(backend, command.session, output);
  TargetBuilder target;
  target.segment("v1").segment("sessions").segment(command.session).segment("history");
  if (command.as_of) target.query("as_of", *command.as_of);
  const auto session = get_json(backend, target.text());
  if (!session) return session.error();
  if (output.json) {
    std::puts(dump(*session).c_str());
    return 0;
  }
  std::fputs(head_text(*session).c_str(), stdout);
  // Messages and what happened between them, as recorded.
  for (const Turn& turn : turns_of(*session)) std::printf("\n%s", turn.text.c_str());
  return 0;
}

}  // namespace hansard::cli
