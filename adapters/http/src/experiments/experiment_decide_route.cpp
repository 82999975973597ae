// POST /v1/experiments/{name}/decide: look at the numbers now and act on what they say.
#include "experiments/experiment_units.h"
#include "http/experiment_judge.h"
#include "http/problem.h"
#include "openapi/experiment_docs.h"

namespace hansard::http {

namespace {

using core::Result;
using events::Json;

Json judgement_json(const std::string& name, const Judgement& judgement) {
  Json out;
  out.add("experiment", name);
  out.add("decision", events::experiment::to_word(judgement.decision));
  if (judgement.variant) out.add("variant", *judgement.variant);
  if (judgement.metric) out.add("metric", *judgement.metric);
  Json reasons = Json::Array{};
  for (const std::string& each : judgement.reasons) reasons.push(each);
  out.add("reasons", std::move(reasons));
  out.add("acted", judgement.acted);
  out.add("status", events::to_word(judgement.status));
  return out;
}

void decide(const ReadsPtr& reads, const std::shared_ptr<const ExperimentJudge>& judge,
            const RequestPtr& request, const Responder& respond) {
  const auto hand = hand_of(*request);
  if (!hand) return respond(problem(hand.error()));
  auto body = read_json_body(reads->context, *request);
  if (!body) return respond(problem(std::move(body.error())));
  if (const auto fields = BodyFields::of(*std::move(body), {}); !fields) {
    return respond(problem(fields.error()));
  }
  const core::Position least = reads->context.log.end();
  reads->with_view(
      "observations", least, request, respond,
      [&context = reads->context, judge, hand = *hand, request,
       respond](const core::ReadModel& view) {
        const std::string& name = request->param("name");
        judge->judge(hand, name, view, [&context, respond, name](Result<Judgement> judged) {
          if (!judged) return respond(problem(std::move(judged.error())));
          auto answer = answer_with(context, judgement_json(name, *judged), judged->position);
          respond(answer ? *std::move(answer) : problem(std::move(answer.error())));
        });
      });
}

}  // namespace

AddedRoute experiment_decide_route(const ReadsPtr& reads) {
  Route route(Method::post, "/v1/experiments/{name}/decide", Rule{Scope::write, Access::none});
  route.takes = Takes::json;
  route.doc = "Look at its numbers and act on them: declare a winner, stop harm, conclude";
  const auto judge =
      std::make_shared<const ExperimentJudge>(reads->context.experiments, reads->prices);
  route.handler = [reads, judge](const RequestPtr& request, const Responder& respond) {
    decide(reads, judge, request, respond);
  };
  return documented_experiment(std::move(route));
}

}  // namespace hansard::http
