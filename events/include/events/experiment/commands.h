#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "events/experiment/facts.h"
#include "events/prompt/state.h"
#include "events/session/commands.h"

/// What can be asked of an experiment.
namespace hansard::events {

/// The same plan again is the same event; another one under the name is refused. With `start` it
/// begins in the same append.
struct CreateExperiment {
  ExperimentCreated plan;
  bool start = false;
};
/// Units take part: for the first time, or again after a pause.
struct StartExperiment : ExperimentStarted {};
struct PauseExperiment : ExperimentPaused {};
/// Only how units are spread may change while it runs. `edition` is computed.
struct ReweightExperiment : ExperimentReweighted {};
struct StopExperiment : ExperimentStopped {};
/// One variant is better, so it is over; with `moves_label` in the plan the label moves to its
/// prompt version. Once.
struct DeclareWinner : WinnerDeclared {};
struct ConcludeExperiment : ExperimentConcluded {};

using ExperimentStep =
    std::variant<CreateExperiment, StartExperiment, PauseExperiment, ReweightExperiment,
                 StopExperiment, DeclareWinner, ConcludeExperiment>;

/// A prompt that variants name, as whoever asks saw it just now. They add its version to
/// `CommandContext::checks`.
struct PromptAtHand {
  std::string name;
  std::shared_ptr<const PromptState> state;
};

struct ExperimentCommand {
  CommandMeta meta;
  ExperimentStep step;
  /// Every prompt of the plan. Commands that touch no prompt's stream need none.
  std::vector<PromptAtHand> prompts = {};
};

/// Names of the prompts that variants of `plan` name, each once, in their order.
std::vector<std::string> prompts_of(const ExperimentCreated& plan);

}  // namespace hansard::events
