// Conversations, and the log as it is.
#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>

#include "arguments/options.h"

namespace hansard::cli {

void add_sessions_options(CLI::App& app, SessionsCommand& command) {
  add_session_filters(app, command.filters);
  add_filter(app, command.filters, "cursor", "Continue where a page ended");
  app.add_option("--limit", command.limit, "Most to list (50)")->check(CLI::PositiveNumber);
  app.add_flag("--all", command.all, "List every one");
}

void add_show_options(CLI::App& app, ShowCommand& command) {
  app.add_option("session", command.session, "Session id")->required();
  app.add_option("--as-of", command.as_of, "As it stood: version:7, position:120 or a time");
  app.add_flag("--tree", command.tree, "Print the forks around it instead");
}

void add_replay_options(CLI::App& app, ReplayCommand& command) {
  app.add_option("session", command.session, "Session id")->required();
  app.add_option("--speed", command.speed, "Faster or slower: 2x, 0.5x (1)");
  app.add_option("--max-gap", command.max_gap, "Longest wait: 2s, 500ms, 0 (5s)");
  app.add_option("--from", command.from, "Start at this version");
  app.add_option("--as-of", command.as_of, "As it stood: version:7, position:120 or a time");
  app.add_flag("--step", command.step, "Wait for Enter instead");
}

void add_diff_options(CLI::App& app, DiffCommand& command) {
  app.add_option("session", command.session, "Session id")->required();
  app.add_option("--from", command.from, "From: version:3, position:120 or a time");
  app.add_option("--to", command.to, "To, likewise (now)");
  app.add_option("--to-session", command.to_session, "Compare with this session, such as a fork");
}

void add_why_options(CLI::App& app, WhyCommand& command) {
  app.add_option("session", command.session, "Session id")->required();
  CLI::Option* call = app.add_option("--call", command.call, "The call, by its call_id");
  app.add_option("--message", command.message, "Or its answer, by message_id")->excludes(call);
}

void add_tail_options(CLI::App& app, TailCommand& command) {
  app.add_option("--from", command.from, "Start at this position");
  app.add_option("-n,--last", command.last, "Start this many events before the end (10)");
  app.add_option("--type", command.types, "Only events of these types");
  app.add_flag("!--no-follow", command.follow, "Stop at the end of the log");
}

}  // namespace hansard::cli
