// Sums, prices, questions, search.
#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>

#include "arguments/options.h"

namespace hansard::cli {

void add_usage_options(CLI::App& app, UsageCommand& command) {
  app.add_option("--by", command.by, "Group by day, user, session, provider, model (commas)");
  add_filter(app, command.filters, "user", "Of this user");
  add_filter(app, command.filters, "session", "Of this session");
  add_filter(app, command.filters, "provider", "Of this provider");
  add_filter(app, command.filters, "model", "Of this model");
  add_filter(app, command.filters, "from", "From this day (2026-11-21)");
  add_filter(app, command.filters, "to", "Up to and including this day");
  app.add_option("--as-model", command.as_model,
                 "Also what it would have cost: MODEL or PROVIDER/MODEL");
}

void add_models_options(CLI::App& app, ModelsCommand& command) {
  app.add_option("pattern", command.pattern, "Part of a name; with * at its end its beginning");
  add_filter(app, command.filters, "provider", "At this provider");
  add_filter(app, command.filters, "mode", "chat, embedding, ...");
  add_filter(app, command.filters, "at", "As of this time (RFC 3339)");
  app.add_option("--limit", command.limit, "Most to show (50)")->check(CLI::Range(1, 10'000));
}

void add_prices_options(CLI::App& app, PricesCommand& command) {
  app.require_subcommand(0, 1);
  app.fallthrough();
  using Action = PricesCommand::Action;
  CLI::App* show = app.add_subcommand("show", "What a model costs");
  show->add_option("model", command.model, "Its name")->required();
  add_filter(*show, command.filters, "provider", "At this provider");
  add_filter(*show, command.filters, "at", "As of this time (RFC 3339)");
  CLI::App* set = app.add_subcommand("set", "Publish prices for this project from a file");
  set->add_option("file", command.file, "A book: see events/README.md")->required();
  set->parse_complete_callback([&command] { command.action = Action::set; });
  CLI::App* diff = app.add_subcommand("diff", "Costs by the prices of two positions");
  add_filter(*diff, command.filters, "from", "Prices published before this position")->required();
  add_filter(*diff, command.filters, "to", "And before this one (the end)");
  add_filter(*diff, command.filters, "by", "Dimensions by commas (model)");
  diff->parse_complete_callback([&command] { command.action = Action::diff; });
}

void add_search_options(CLI::App& app, SearchCommand& command) {
  app.add_option("words", command.words,
                 "What to find; leave out with -not, behind -- when it comes first")
      ->required();
  Filters& filters = command.filters;
  add_filter(app, filters, "session", "In this session");
  add_filter(app, filters, "user", "In sessions of this user");
  add_filter(app, filters, "agent", "In sessions of this agent");
  add_filter(app, filters, "app", "In sessions of this app");
  add_filter(app, filters, "source", "In sessions recorded by this: api, import, gateway");
  add_filter(app, filters, "provider", "In answers of this provider");
  add_filter(app, filters, "model", "In answers of this model");
  add_filter(app, filters, "tool", "In calls and outcomes of this tool");
  add_repeated(app, filters, "tag", "In sessions with this tag, as key:value");
  add_repeated(app, filters, "role", "Said by system, developer, user, agent, assistant or tool");
  add_repeated(app, filters, "kind",
               "message, answer, failed_answer, system, tool_call, tool_result, tool_error");
  add_filter(app, filters, "from", "Said at or after this time (RFC 3339)");
  add_filter(app, filters, "to", "Said before this time");
  add_filter(app, filters, "cursor", "Continue where a page ended");
  app.add_option("--limit", command.limit, "Most to show (10)")->check(CLI::Range(1, 100));
}

void add_report_options(CLI::App& app, ReportCommand& command) {
  app.add_option("name", command.name, "costs, sessions, users, latency, ...");
  add_filter(app, command.filters, "since", "90m, 36h, 7d, 2w before now, or a time (7d)");
  add_filter(app, command.filters, "from", "First day or time");
  add_filter(app, command.filters, "to", "First moment left out");
  add_filter(app, command.filters, "period", "today, this week, last month, last 7 days, ...");
  add_filter(app, command.filters, "where", "Further conditions, as in a query");
  add_filter(app, command.filters, "zone", "Time zone of days: Europe/Berlin (UTC)");
  app.add_option_function<std::string>(
      "--as-of",
      [&command](const std::string& value) { command.filters.emplace_back("as_of", value); },
      "Only what was recorded before this position");
}

void add_query_options(CLI::App& app, QueryCommand& command, std::vector<std::string>& words) {
  app.add_option("query", words, "Measures, then by, where, since ...; - reads it");
  app.add_option("--file", command.file, "Read the query from this file; - is standard input");
  CLI::Option* csv = app.add_flag("--csv", command.csv, "Print CSV instead of a table");
  app.add_flag("--ndjson", command.ndjson, "Print NDJSON: what holds for all, then a group a line")
      ->excludes(csv);
}

}  // namespace hansard::cli
