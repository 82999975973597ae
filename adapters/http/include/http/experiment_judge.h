#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/read_model_store.h"
#include "events/experiment/analysis.h"
#include "http/experiment_desk.h"
#include "projections/prices.h"

namespace hansard::http {

/// What was found, and what came of it.
struct Judgement {
  events::experiment::Decision decision = events::experiment::Decision::wait;
  std::optional<std::string> variant;  ///< that won, or does harm
  std::optional<std::string> metric;   ///< that tells
  std::vector<std::string> reasons;    ///< in words; the first says the decision
  bool acted = false;                  ///< by this look: a winner, a stop, a conclusion
  events::ExperimentStatus status = events::ExperimentStatus::running;  ///< after it
  core::Position position;  ///< one past the last that it rests on
};

/// Looks at the numbers of an experiment and acts on what `events::experiment::analyse` says:
/// declares the winner (and moves its label), stops what does harm, concludes at the horizon. A
/// sample ratio alarm blocks all of it. The one way to a winner: the route `decide` and the watch
/// both come here. What was acted on once is not acted on again. Threads: safe to call
/// concurrently; reads views, so not on an event loop.
class ExperimentJudge {
 public:
  /// Both outlive this, and what `desk` began.
  ExperimentJudge(std::shared_ptr<const ExperimentDesk> desk,
                  std::shared_ptr<projections::PriceReader> prices)
      : desk_(std::move(desk)), prices_(std::move(prices)) {}

  /// @param observations  the view of that name; the experiment is judged as it stood then
  /// @param done          once, on a thread of the command loop, or on this one
  /// Errors: not_found, rejected (not started), those of the report and of the loop.
  void judge(const Hand& hand, const std::string& name, const core::ReadModel& observations,
             std::function<void(core::Result<Judgement>)> done) const;

 private:
  std::shared_ptr<const ExperimentDesk> desk_;
  std::shared_ptr<projections::PriceReader> prices_;
};

}  // namespace hansard::http
