#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "commands/experiment_show.h"

namespace CLI {
class App;
}  // namespace CLI

namespace hansard::cli {

/// `hansard experiments`.
struct ExperimentsCommand {
  enum class Action : std::uint8_t {
    list,
    create,
    start,
    pause,
    stop,
    conclude,
    weights,
    assign,
    expose,
    outcome,
    decide,
    show,
    power
  } action = Action::list;
  std::string name;
  std::optional<std::string> comment;
  // list
  std::vector<std::pair<std::string, std::string>> filters;  ///< query parameters of the route
  // create
  std::optional<std::string> a, b;      ///< prompt versions of variants a and b: `greet@1`
  std::vector<std::string> variants;    ///< `name=b,model=gpt-4o,weight=0.5,temperature:=0`
  std::string metric;                   ///< a name, or its JSON
  std::vector<std::string> guardrails;  ///< `errors`, `errors:0.02`, or JSON
  std::vector<std::string> secondary;
  bool no_guardrails = false;
  std::optional<std::string> unit_kind, seed, hypothesis, moves_label;
  std::optional<std::string> alpha, coverage, minimum_sample, horizon;  ///< numbers
  std::vector<std::string> agents, models, providers;
  std::vector<std::string> tags;  ///< `key:value`; of `assign` too
  bool by_hand = false;           ///< not automatic
  bool start = false;
  // weights
  std::vector<std::string> weights;  ///< `a=0.9`
  // assign, expose, outcome
  std::string unit;
  std::optional<std::string> agent, model, provider, variant;
  bool exposing = false;
  std::string value;
  std::optional<std::string> outcome_id;
  std::optional<std::uint64_t> revision;
  bool words = false;    ///< the value is text
  ExperimentShow shown;  ///< show, power
};

/// Adds the subcommands of `experiments`, which fill `command`; it outlives parsing.
void add_experiment_arguments(CLI::App& experiments, ExperimentsCommand& command);

}  // namespace hansard::cli
