// `hansard experiments show`: how one stands, in words and pictures; `power`: how many units a
// question needs.
#include "commands/experiment_show.h"

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <cstdio>

#include "commands.h"
#include "text/experiment_text.h"
#include "text/json_view.h"

namespace hansard::cli {

using core::Result;
using events::Json;

std::pair<CLI::App*, CLI::App*> add_experiment_show(CLI::App& experiments,
                                                    ExperimentShow& command) {
  CLI::App* show = experiments.add_subcommand("show", "How one stands, and why, in words");
  show->add_option("name", command.name, "The experiment")->required();
  show->add_option("--as-of", command.as_of, "As it stood: position:120, p120, or a time (now)");
  CLI::App* power = experiments.add_subcommand(
      "power", "How many units a difference needs: power --baseline 0.1 --lift 0.02");
  const auto number = [&](const char* option, const char* name, const char* what) {
    return power->add_option_function<double>(
        option, [&command, name](double value) { command.numbers.emplace_back(name, value); },
        what);
  };
  number("--baseline", "baseline", "Mean of the control: a proportion, unless --deviation")
      ->required();
  number("--lift", "lift", "The difference to find");
  number("--relative-lift", "relative_lift", "Instead: as a part of the baseline");
  number("--deviation", "deviation", "Standard deviation of one unit, of a mean");
  number("--units", "units", "Units a variant, to ask what they find");
  number("--alpha", "alpha", "Probability of a difference where there is none (0.05)");
  number("--power", "power", "Probability that it is found (0.8)");
  return {show, power};
}

Result<int> run_experiment_show(Backend& backend, const ExperimentShow& command,
                                const Output& output) {
  TargetBuilder target;
  target.segment("v1").segment("experiments").segment(command.name).segment("report");
  if (command.as_of) target.query("as_of", *command.as_of);
  const auto report = get_json(backend, target.text());
  if (!report) return report.error();
  std::fputs(output.json ? (dump(*report) + "\n").c_str()
                         : experiment_text(*report, output.columns).c_str(),
             stdout);
  return 0;
}

Result<int> run_experiment_power(Backend& backend, const ExperimentShow& command,
                                 const Output& output) {
  Json body{Json::Object{}};
  for (const auto& [name, value] : command.numbers) body.add(name, Json::number(value));
  const auto answer =
      call_json(backend, Call{http::Method::post, "/v1/experiments/power", dump(body)});
  if (!answer) return answer.error();
  std::fputs(output.json ? (dump(*answer) + "\n").c_str() : power_text(*answer).c_str(), stdout);
  return 0;
}

}  // namespace hansard::cli
