#include "arguments/experiment_arguments.h"

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <tuple>

namespace hansard::cli {

namespace {

using Action = ExperimentsCommand::Action;

CLI::App& add(CLI::App& experiments, ExperimentsCommand& command, Action action, const char* name,
              const char* what) {
  CLI::App& sub = *experiments.add_subcommand(name, what);
  sub.parse_complete_callback([&command, action] { command.action = action; });
  return sub;
}

void named(CLI::App& sub, ExperimentsCommand& command) {
  sub.add_option("name", command.name, "The experiment")->required();
}

void add_list(CLI::App& experiments, ExperimentsCommand& command) {
  CLI::App& list = add(experiments, command, Action::list, "list", "Experiments by name");
  const auto filter = [&](const char* option, const char* name, const char* what) {
    list.add_option_function<std::string>(
        option,
        [&command, name](const std::string& value) { command.filters.emplace_back(name, value); },
        what);
  };
  filter("--status", "status", "planned, running, paused, stopped or concluded");
  filter("--prefix", "prefix", "Names that begin so");
}

void add_create(CLI::App& experiments, ExperimentsCommand& command) {
  CLI::App& create = add(experiments, command, Action::create, "create",
                         "Plan one: create greeting --a greet@1 --b greet@2 --metric thumbs");
  named(create, command);
  create.add_option("--a", command.a, "Prompt version of variant a, the control: greet@1");
  create.add_option("--b", command.b, "Prompt version of variant b: greet@2");
  create.add_option("--variant", command.variants,
                    "name=b,prompt=greet@2,model=gpt-4o,provider=openai,weight=0.5,temperature:=0; "
                    "the control first (repeatable)");
  create
      .add_option("--metric", command.metric,
                  "What decides: the name of a score, or errors, latency_us, ttft_us, cost_usd, "
                  "tokens, calls; or its JSON")
      ->required();
  create.add_option("--guardrail", command.guardrails,
                    "What must not get worse, with what is tolerated: cost_usd:0.05 (errors:0; "
                    "repeatable)");
  create.add_flag("--no-guardrails", command.no_guardrails, "None at all");
  create.add_option("--secondary", command.secondary,
                    "Told beside, never decides (none; repeatable)");
  create.add_option("--unit", command.unit_kind,
                    "What has a variant as a whole: user, session or request (user)");
  create.add_option("--minimum-sample", command.minimum_sample,
                    "Units a variant before any verdict, at least 20 (200)");
  create.add_option("--alpha", command.alpha, "Probability of a winner where there is none (0.05)");
  create.add_option("--horizon", command.horizon,
                    "Units of all variants at which it ends without a difference (never)");
  create.add_option("--coverage", command.coverage, "The part of all units that takes part (1)");
  create.add_option("--seed", command.seed, "Units are spread by it (the name)");
  create.add_option("--moves-label", command.moves_label,
                    "The label that moves to the winner's prompt version (none)");
  create.add_option("--hypothesis", command.hypothesis, "What is expected, and why");
  create.add_option("--agent", command.agents, "Only calls of this agent (all; repeatable)");
  create.add_option("--model", command.models, "Only calls that ask this model (all; repeatable)");
  create.add_option("--provider", command.providers,
                    "Only calls to this provider (all; repeatable)");
  create.add_option("--tag", command.tags, "Only calls with this tag, key:value (all; repeatable)");
  create.add_flag("--by-hand", command.by_hand,
                  "Acts only when decide is asked (by itself, every [experiments] check_every)");
  create.add_flag("--start", command.start, "At once (planned, until start)");
}

void add_steps(CLI::App& experiments, ExperimentsCommand& command) {
  const auto step = [&](Action action, const char* name, const char* what) -> CLI::App& {
    CLI::App& sub = add(experiments, command, action, name, what);
    named(sub, command);
    return sub;
  };
  for (auto [action, name, what] :
       {std::tuple{Action::start, "start", "Units take part, for the first time or again"},
        std::tuple{Action::pause, "pause", "No unit takes part for now"},
        std::tuple{Action::stop, "stop", "Over, without an answer"},
        std::tuple{Action::conclude, "conclude", "Over, by hand"}}) {
    step(action, name, what).add_option("--comment", command.comment, "Why; it stays on record");
  }
  CLI::App& weights = step(Action::weights, "weights",
                           "Spread new units otherwise; those on record keep their variant");
  weights.add_option("weights", command.weights, "a=0.9 b=0.1, for every variant");
  weights.add_option("--coverage", command.coverage, "The part of all units (as it is)");
  weights.add_option("--comment", command.comment, "Why; it stays on record");
  step(Action::decide, "decide", "Look at the numbers now and act on what they say");
}

void add_units(CLI::App& experiments, ExperimentsCommand& command) {
  const auto of_unit = [&](Action action, const char* name, const char* what) -> CLI::App& {
    CLI::App& sub = add(experiments, command, action, name, what);
    named(sub, command);
    sub.add_option("unit", command.unit, "The user, session or request")->required();
    return sub;
  };
  CLI::App& assign = of_unit(Action::assign, "assign", "Which variant a unit has");
  assign.add_option("--agent", command.agent, "Of the call, for eligibility");
  assign.add_option("--model", command.model, "Likewise");
  assign.add_option("--provider", command.provider, "Likewise");
  assign.add_option("--tag", command.tags, "Likewise, key:value (repeatable)");
  assign.add_flag("--expose", command.exposing, "Record that it met it");
  CLI::App& expose = of_unit(Action::expose, "expose", "Record that a unit met its variant");
  expose.add_option("--variant", command.variant, "Another than it is assigned");
  CLI::App& outcome = of_unit(Action::outcome, "outcome", "Record what came of a unit");
  outcome.add_option("metric", command.metric, "Of the plan, or any other name")->required();
  outcome.add_option("value", command.value, "A number, true, false, or a category")->required();
  outcome.add_flag("--text", command.words, "The value is words that no number is made of");
  outcome.add_option("--id", command.outcome_id, "Names the outcome (its metric)");
  outcome.add_option("--revision", command.revision, "The next one corrects it (1)");
}

}  // namespace

void add_experiment_arguments(CLI::App& experiments, ExperimentsCommand& command) {
  experiments.require_subcommand(0, 1);
  experiments.fallthrough();
  add_list(experiments, command);
  add_create(experiments, command);
  add_steps(experiments, command);
  add_units(experiments, command);
  const auto [show, power] = add_experiment_show(experiments, command.shown);
  show->parse_complete_callback([&command] { command.action = Action::show; });
  power->parse_complete_callback([&command] { command.action = Action::power; });
}

}  // namespace hansard::cli
