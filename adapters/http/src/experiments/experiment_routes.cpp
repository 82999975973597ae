// /v1/experiments: plans, what happens to them, and how they stand.
#include "events/experiment/plan_rules.h"
#include "experiments/experiment_json.h"
#include "experiments/experiment_units.h"
#include "families.h"
#include "http/experiment_desk.h"
#include "http/problem.h"
#include "openapi/experiment_docs.h"
#include "shared/past.h"

namespace hansard::http {

namespace {

using core::Result;
using events::ExperimentStep;
using events::Json;

void create(const Reads& reads, const RequestPtr& request, const Responder& respond) {
  const Context& context = reads.context;
  const auto hand = hand_of(*request);
  if (!hand) return respond(problem(hand.error()));
  auto body = read_json_body(context, *request);
  if (!body) return respond(problem(std::move(body.error())));
  auto asked = events::read_plan(*std::move(body), request->principal.project, context.keyed_hash);
  if (!asked) return respond(problem(std::move(asked.error())));
  Json head;
  head.add("experiment", asked->name);
  Json remarks = Json::Array{};
  for (const std::string& each : events::remarks(asked->plan)) remarks.push(each);
  head.add("remarks", std::move(remarks));
  context.experiments->change(*hand, asked->name,
                              events::CreateExperiment{std::move(asked->plan), asked->start},
                              answer_with_receipt(respond, std::move(head)));
}

/// What a step's body says; the experiment is looked at where the body speaks of its variants.
using ReadStep = Result<ExperimentStep> (*)(const Reads&, const Request&, Json);

template <class Step>
Result<ExperimentStep> read_comment(const Reads& /*reads*/, const Request& /*request*/, Json body) {
  const auto fields = BodyFields::of(std::move(body), {"comment"});
  if (!fields) return fields.error();
  auto comment = fields->text("comment");
  if (!comment) return std::move(comment.error());
  Step step;
  step.comment = *std::move(comment);
  return ExperimentStep(std::move(step));
}

Result<ExperimentStep> read_weights(const Reads& reads, const Request& request, Json body) {
  const auto found =
      reads.context.experiments->find(request.principal.project, request.param("name"));
  if (!found) return found.error();
  const events::Shares& now = (*found)->shares.back();
  auto asked = events::read_shares(std::move(body), *(*found)->plan, now.coverage, now.of);
  if (!asked) return std::move(asked.error());
  events::ReweightExperiment step;
  step.shares = std::move(asked->shares);
  step.coverage = asked->coverage;
  step.comment = std::move(asked->comment);
  return ExperimentStep(std::move(step));
}

Handler step(const ReadsPtr& reads, ReadStep read) {
  return [reads, read](const RequestPtr& request, const Responder& respond) {
    const auto hand = hand_of(*request);
    if (!hand) return respond(problem(hand.error()));
    auto body = read_json_body(reads->context, *request);
    if (!body) return respond(problem(std::move(body.error())));
    auto step = read(*reads, *request, *std::move(body));
    if (!step) return respond(problem(std::move(step.error())));
    reads->context.experiments->change(*hand, request->param("name"), *std::move(step),
                                       answer_with_receipt(respond, {}));
  };
}

void list(const ReadsPtr& reads, const RequestPtr& request, const Responder& respond) {
  if (auto status = refuse_as_of(*request, "experiments"); !status) {
    return respond(problem(std::move(status.error())));
  }
  const auto parameters = Query::of(*request, {"status", "prefix", "limit", "cursor", "at_least"});
  if (!parameters) return respond(problem(parameters.error()));
  projections::ExperimentQuery query;
  query.project = request->principal.project;
  query.prefix = parameters->text("prefix").value_or("");
  query.cursor = parameters->text("cursor").value_or("");
  const auto limit = parameters->count("limit", query.limit, projections::kExperimentPageMax);
  if (!limit) return respond(problem(limit.error()));
  query.limit = static_cast<std::size_t>(*limit);
  if (const auto word = parameters->text("status")) {
    query.status = events::from_word<events::ExperimentStatus>(*word);
    if (!query.status) {
      return respond(problem(
          events::bad_field("status", "expected planned, running, paused, stopped or concluded")));
    }
  }
  reads->from_view(
      "experiments", request, respond,
      [&context = reads->context, query](const core::ReadModel& view) -> Result<Response> {
        const auto page = projections::list_experiments(view, query);
        if (!page) return page.error();
        Json out;
        Json all = Json::Array{};
        for (const auto& listed : page->experiments) all.push(listed_json(listed));
        out.add("experiments", std::move(all));
        if (page->next) out.add("next", *page->next);
        return answer_with(context, std::move(out), page->checkpoint);
      });
}

Json history_entry(const core::RecordedEvent& event) {
  Json entry;
  entry.add("version", event.version.value);
  entry.add("position", event.position.value);
  entry.add("type", event.type);
  entry.add("recorded_at", core::format_time(event.recorded_at));
  if (!event.actor.is_nil()) entry.add("actor", core::to_string(event.actor));
  if (event.erased) entry.add("erased", true);
  // The plan stands in the answer itself.
  if (event.type == events::ExperimentCreated::kType) return entry;
  for (const std::string_view payload : {event.facts, event.content}) {
    if (payload.empty()) continue;
    auto members = events::parse_json_object(payload);
    if (!members) continue;
    for (auto& member : *members) entry.add(std::move(member.key), std::move(member.value));
  }
  return entry;
}

Result<Response> show(const Context& context, const Request& request, core::Position end) {
  const auto query = Query::of(request, {"as_of", "at_least"});
  if (!query) return query.error();
  const auto as_of = as_of_parameter(*query);
  if (!as_of) return as_of.error();
  const std::string& name = request.param("name");
  const auto stream = projections::experiment_stream(name);
  if (!stream) return stream.error();
  const core::ProjectId& project = request.principal.project;
  const auto state = projections::experiment_as_of(context.log, project, name, *as_of);
  if (!state) return state.error();
  if (!state->plan) {
    return core::Error{core::Errc::not_found, "there is no experiment " + name, "name"};
  }
  Json out = experiment_json(name, *state);
  Json history = Json::Array{};
  const auto read =
      context.log.read_stream(project, *stream, {}, [&](const core::RecordedEvent& event) {
        if (event.version.value >= state->next_version) return false;
        history.push(history_entry(event));
        return true;
      });
  if (!read) return read.error();
  out.add("history", std::move(history));
  Json remarks = Json::Array{};
  for (const std::string& each : events::remarks(*state->plan)) remarks.push(each);
  out.add("remarks", std::move(remarks));
  return answer_with(context, std::move(out), end);
}

}  // namespace

Result<Hand> hand_of(const Request& request) {
  const auto options = write_options(request);
  if (!options) return options.error();
  return Hand{request.principal.project, request.principal.actor, request.received_at,
              options->durability, options->expected_version};
}

core::AppendDone answer_with_receipt(Responder respond, Json head) {
  return [respond = std::move(respond), head = std::move(head)](Result<core::Receipt> receipt) {
    if (!receipt) return respond(problem(std::move(receipt.error())));
    Response response = receipt_response(*receipt);
    if (const auto* more = head.if_object(); more != nullptr && !more->empty()) {
      // The receipt's members behind ours: `{...` and `...}`.
      std::string body = events::dump(head);
      body.back() = ',';
      response.body = body + response.body.substr(1);
    }
    respond(std::move(response));
  };
}

std::vector<AddedRoute> experiment_routes(const ReadsPtr& reads) {
  std::vector<AddedRoute> all;
  const auto add = [&](Method method, std::string pattern, Scope scope, std::string doc,
                       Handler handler) {
    Route route(method, std::move(pattern), Rule{scope, Access::none});
    route.takes = method == Method::get ? Takes::nothing : Takes::json;
    route.doc = std::move(doc);
    route.handler = std::move(handler);
    all.push_back(documented_experiment(std::move(route)));
  };
  const auto post = [&](std::string_view last, std::string doc, Handler handler) {
    add(Method::post, "/v1/experiments/{name}/" + std::string(last), Scope::write, std::move(doc),
        std::move(handler));
  };
  add(Method::post, "/v1/experiments", Scope::write, "Plan an experiment, and start it with start",
      [reads](const RequestPtr& request, const Responder& respond) {
        create(*reads, request, respond);
      });
  add(Method::get, "/v1/experiments", Scope::read, "Experiments by name (status, prefix)",
      [reads](const RequestPtr& request, const Responder& respond) {
        list(reads, request, respond);
      });
  add(Method::get, "/v1/experiments/{name}", Scope::read,
      "One experiment: its plan, how it stands, who did what",
      [reads](const RequestPtr& request, const Responder& respond) {
        reads->from_log(request, respond, [&context = reads->context, request](core::Position end) {
          return show(context, *request, end);
        });
      });
  post("start", "Units take part, for the first time or again",
       step(reads, read_comment<events::StartExperiment>));
  post("pause", "No unit takes part for now", step(reads, read_comment<events::PauseExperiment>));
  post("stop", "Over, without an answer", step(reads, read_comment<events::StopExperiment>));
  post("conclude", "Over, by hand", step(reads, read_comment<events::ConcludeExperiment>));
  post("weights", "Spread new units otherwise; those on record keep their variant",
       step(reads, read_weights));
  all.push_back(experiment_decide_route(reads));
  for (AddedRoute& each : experiment_unit_routes(reads)) all.push_back(std::move(each));
  return all;
}

}  // namespace hansard::http
