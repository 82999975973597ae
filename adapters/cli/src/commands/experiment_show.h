#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/result.h"

namespace CLI {
class App;
}  // namespace CLI

namespace hansard::cli {

class Backend;
struct Output;

/// `hansard experiments show` and `power`.
struct ExperimentShow {
  std::string name;
  std::optional<std::string> as_of;
  std::vector<std::pair<std::string, double>> numbers;  ///< of `power`: members of its body
};

/// Adds both; they fill `command`, which outlives parsing.
/// @return show, power
std::pair<CLI::App*, CLI::App*> add_experiment_show(CLI::App& experiments, ExperimentShow& command);

core::Result<int> run_experiment_show(Backend& backend, const ExperimentShow& command,
                                      const Output& output);
core::Result<int> run_experiment_power(Backend& backend, const ExperimentShow& command,
                                       const Output& output);

}  // namespace hansard::cli
