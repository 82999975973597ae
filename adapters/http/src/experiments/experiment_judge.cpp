#include "http/experiment_judge.h"

#include <utility>

#include "projections/call_costs.h"
#include "projections/experiment_report.h"
#include "projections/experiment_report_json.h"

namespace hansard::http {

using core::Result;
using events::ExperimentState;
using events::experiment::Decision;

namespace {

/// What is to be done, if anything.
std::optional<events::ExperimentStep> step_for(const events::ExperimentCreated& plan,
                                               const projections::ExperimentReport& report,
                                               const Judgement& judgement) {
  events::Json evidence = projections::evidence_json(plan, report);
  switch (judgement.decision) {
    case Decision::winner: {
      events::DeclareWinner step;
      step.variant = judgement.variant.value_or("");
      step.evidence = std::move(evidence);
      return step;
    }
    case Decision::harm: {
      events::StopExperiment step;
      step.reason = events::StopReason::guardrail;
      step.variant = judgement.variant;
      step.metric = judgement.metric;
      step.evidence = std::move(evidence);
      return step;
    }
    case Decision::no_difference: {
      events::ConcludeExperiment step;
      step.conclusion = events::Conclusion::no_difference;
      step.evidence = std::move(evidence);
      return step;
    }
    default:
      return {};
  }
}

Judgement judgement_of(const events::ExperimentCreated& plan,
                       const projections::ExperimentReport& report) {
  const events::experiment::Analysis& analysis = report.analysis;
  Judgement judgement;
  judgement.decision = analysis.decision;
  if (analysis.variant) judgement.variant = plan.variants.at(*analysis.variant).name;
  if (analysis.metric)
    judgement.metric = events::experiment::metric_at(plan, *analysis.metric).name;
  judgement.reasons = analysis.reasons;
  judgement.position = core::Position{report.seen.position};
  return judgement;
}

}  // namespace

void ExperimentJudge::judge(const Hand& hand, const std::string& name,
                            const core::ReadModel& observations,
                            std::function<void(Result<Judgement>)> done) const {
  const auto latest = desk_->find(hand.project, name);
  if (!latest) return done(latest.error());
  if (!(*latest)->started) {
    return done(
        core::Error{core::Errc::rejected, "experiment " + name + " was not started", "name"});
  }
  // As of the rows, so that units are held against the shares that they were drawn by.
  const core::Position end = observations.checkpoint();
  const auto then =
      end == core::Position{}
          ? Result<ExperimentState>(ExperimentState{})
          : projections::experiment_as_of(desk_->ports().log, hand.project, name,
                                          projections::AsOf::at(core::Position{end.value - 1}));
  if (!then) return done(then.error());
  Judgement judgement;
  judgement.status = (*latest)->status;
  judgement.position = end;
  if (!then->plan) {
    judgement.reasons.emplace_back("its events are not in the view yet");
    return done(std::move(judgement));
  }
  auto prices = prices_->read(hand.project);
  if (!prices) return done(std::move(prices.error()));
  projections::ReportOptions options;
  options.costs = projections::cost_hook(*std::move(prices), hand.project);
  const auto report =
      projections::experiment_report(observations, hand.project, name, *then, options);
  if (!report) return done(report.error());
  judgement = judgement_of(*then->plan, *report);
  judgement.status = (*latest)->status;
  auto step = step_for(*then->plan, *report, judgement);
  if (!step || (*latest)->status != events::ExperimentStatus::running) {
    return done(std::move(judgement));
  }
  desk_->change(hand, name, *std::move(step),
                [desk = desk_, project = hand.project, name, judgement = std::move(judgement),
                 done = std::move(done)](const Result<core::Receipt>& receipt) mutable {
                  const auto after = desk->find(project, name);
                  if (after) judgement.status = (*after)->status;
                  // Somebody else's look at the same numbers was faster.
                  const bool over = after && (*after)->over();
                  if (!receipt && !over) return done(receipt.error());
                  judgement.acted = receipt && !receipt->duplicate();
                  done(std::move(judgement));
                });
}

}  // namespace hansard::http
