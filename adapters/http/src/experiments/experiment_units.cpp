// /v1/experiments/{name}/assign, exposures, outcomes: for applications that call models themselves.
#include "experiments/experiment_units.h"

#include <atomic>

#include "events/experiment/plan_rules.h"
#include "events/session/ids.h"
#include "experiments/experiment_json.h"
#include "http/problem.h"
#include "openapi/experiment_docs.h"

namespace hansard::http {

namespace {

using core::Result;
using events::ExperimentState;
using events::Json;

// ---- assign ----

struct AssignRequest {
  std::string unit;
  std::string agent, model, provider;
  events::StringMap tag_hashes;
  bool expose = false;
};

Result<AssignRequest> read_assign(const Context& context, const Request& request, Json body) {
  const auto fields =
      BodyFields::of(std::move(body), {"unit", "agent", "model", "provider", "tags", "expose"});
  if (!fields) return fields.error();
  AssignRequest asked;
  auto unit = fields->required("unit");
  if (!unit) return std::move(unit.error());
  asked.unit = *std::move(unit);
  if (auto s = check_unit(asked.unit); !s) return std::move(s.error());
  for (auto [name, into] : {std::pair{"agent", &asked.agent}, std::pair{"model", &asked.model},
                            std::pair{"provider", &asked.provider}}) {
    auto text = fields->text(name);
    if (!text) return std::move(text.error());
    *into = (*text).value_or("");
  }
  const auto tags = fields->texts("tags");
  if (!tags) return tags.error();
  for (const auto& [key, value] : *tags) {
    asked.tag_hashes.emplace_back(
        key, events::tag_hash(request.principal.project, key, value, context.keyed_hash));
  }
  const auto expose = fields->flag("expose");
  if (!expose) return expose.error();
  asked.expose = *expose;
  return asked;
}

Json outside(std::string_view name, std::string_view reason, const ExperimentState& state) {
  Json out;
  out.add("experiment", name);
  out.add("in_experiment", false);
  out.add("reason", reason);
  if (state.winner) out.add("winner", state.winner->variant);
  return out;
}

/// Why the unit takes no part although the experiment runs; empty: it does.
std::string_view why_outside(const ExperimentState& state, const AssignRequest& asked,
                             const std::optional<projections::AssignedUnit>& unit) {
  if (unit && unit->exposed) return {};
  const events::CallTraits call{asked.agent, asked.model, asked.provider, &asked.tag_hashes};
  if (!events::eligible(state.plan->eligibility, call)) return "not_eligible";
  return unit ? std::string_view() : "coverage";
}

void assign(const Context& context, const RequestPtr& request, const Responder& respond) {
  auto body = read_json_body(context, *request);
  if (!body) return respond(problem(std::move(body.error())));
  const auto asked = read_assign(context, *request, *std::move(body));
  if (!asked) return respond(problem(asked.error()));
  if (asked->expose && !request->principal.scopes.has(Scope::write)) {
    return respond(problem(core::Error{core::Errc::forbidden,
                                       "expose: records, which needs the scope write", "expose"}));
  }
  const ExperimentDesk& desk = *context.experiments;
  const core::ProjectId& project = request->principal.project;
  const std::string& name = request->param("name");
  const auto found = desk.find(project, name);
  if (!found) return respond(problem(found.error()));
  const ExperimentState& state = **found;
  const core::Position end = context.log.end();
  const auto tell = [&context, respond, end](Json json) {
    auto response = answer_with(context, std::move(json), end);
    respond(response ? *std::move(response) : problem(std::move(response.error())));
  };
  if (state.status != events::ExperimentStatus::running) {
    return tell(outside(name, events::to_word(state.status), state));
  }
  const auto unit = desk.ports().experiments->assign(project, name, state, asked->unit);
  if (!unit) return respond(problem(unit.error()));
  if (const auto why = why_outside(state, *asked, *unit); !why.empty()) {
    return tell(outside(name, why, state));
  }
  Json out;
  out.add("experiment", name);
  out.add("in_experiment", true);
  out.add("variant", state.plan->variants[(*unit)->variant].name);
  add_changes(out, state.plan->variants[(*unit)->variant]);
  out.add("edition", (*unit)->edition);
  if ((*unit)->bucket) out.add("bucket", *(*unit)->bucket);
  if (!asked->expose || (*unit)->exposed) {
    out.add("exposed", (*unit)->exposed);
    return tell(std::move(out));
  }
  const auto hand = hand_of(*request);
  if (!hand) return respond(problem(hand.error()));
  desk.expose(*hand, name, {.unit = asked->unit},
              [tell, respond, out](const Result<ExposedUnit>& exposed) {
                if (!exposed) return respond(problem(exposed.error()));
                Json json = out;
                json.add("exposed", true);
                tell(std::move(json));
              });
}

// ---- exposures ----

Result<ExposeRequest> read_exposure(Json body) {
  const auto fields =
      BodyFields::of(std::move(body), {"unit", "variant", "session", "call_id", "occurred_at"});
  if (!fields) return fields.error();
  ExposeRequest asked;
  auto unit = fields->required("unit");
  if (!unit) return std::move(unit.error());
  asked.unit = *std::move(unit);
  for (auto [name, into] :
       {std::pair{"variant", &asked.variant}, std::pair{"session", &asked.session},
        std::pair{"call_id", &asked.call_id}}) {
    auto text = fields->text(name);
    if (!text) return std::move(text.error());
    *into = *std::move(text);
  }
  const auto at = fields->time("occurred_at");
  if (!at) return at.error();
  asked.occurred_at = *at;
  return asked;
}

void expose(const Context& context, const RequestPtr& request, const Responder& respond) {
  const auto hand = hand_of(*request);
  if (!hand) return respond(problem(hand.error()));
  auto body = read_json_body(context, *request);
  if (!body) return respond(problem(std::move(body.error())));
  auto asked = read_exposure(*std::move(body));
  if (!asked) return respond(problem(std::move(asked.error())));
  if (asked->session) {
    // As facts have it: the name of the stream.
    auto stream =
        events::session_stream(request->principal.project, *asked->session, context.keyed_hash);
    if (!stream) return respond(problem(std::move(stream.error())));
    asked->session = stream->text();
  }
  context.experiments->expose(
      *hand, request->param("name"), *std::move(asked), [respond](Result<ExposedUnit> exposed) {
        if (!exposed) return respond(problem(std::move(exposed.error())));
        Json head;
        head.add("variant", exposed->variant);
        // It was exposed by a call, and another event would say nothing new.
        if (exposed->receipt.records.empty()) {
          head.add("duplicate", true);
          return respond(json_response(200, events::dump(head)));
        }
        answer_with_receipt(respond, std::move(head))(std::move(exposed->receipt));
      });
}

// ---- outcomes ----

struct AskedOutcome {
  std::string unit;
  events::CommandMeta meta;
  events::RecordOutcome outcome;
};

Result<AskedOutcome> read_outcome(const Request& request, Json body) {
  const auto fields = BodyFields::of(
      std::move(body),
      {"unit", "metric", "value", "text", "outcome_id", "revision", "metadata", "occurred_at"});
  if (!fields) return fields.error();
  AskedOutcome asked;
  for (auto [name, into] :
       {std::pair{"unit", &asked.unit}, std::pair{"metric", &asked.outcome.metric},
        std::pair{"outcome_id", &asked.outcome.outcome_id}}) {
    auto text = fields->required(name);
    if (!text) return std::move(text.error());
    if (text->size() > kUnitBytesMax) return events::bad_field(name, "is longer than 1024 bytes");
    *into = *std::move(text);
  }
  auto text = fields->text("text");
  if (!text) return std::move(text.error());
  asked.outcome.text = *std::move(text);
  asked.outcome.value = fields->json("value");
  asked.outcome.metadata = fields->json("metadata");
  const auto revision = fields->number("revision");
  if (!revision) return revision.error();
  if (revision->value_or(1) > 0xffff'ffff) return events::bad_field("revision", "is too large");
  asked.outcome.revision = static_cast<std::uint32_t>(revision->value_or(1));
  const auto at = fields->time("occurred_at");
  if (!at) return at.error();
  asked.meta.occurred_at = at->value_or(request.received_at);
  asked.meta.occurred_at_from_client = at->has_value();
  return asked;
}

/// The answers to a list, told when the last of them is there.
class OutcomeList {
 public:
  OutcomeList(const Context& context, Responder respond, std::size_t count)
      : context_(context), respond_(std::move(respond)), results_(count), left_(count) {}

  void tell(std::size_t index, const std::string& outcome_id, Result<core::Receipt> receipt) {
    Json& result = results_[index];
    if (!outcome_id.empty()) result.add("outcome_id", outcome_id);
    if (receipt) {
      result.add("status", receipt->duplicate() ? "duplicate" : "recorded");
      result.add("position", receipt->records.back().position.value);
    } else {
      const core::Error& error = receipt.error();
      result.add("status", "failed");
      result.add("code", core::traits(error.code).name);
      result.add("detail", error.message);
      if (!error.field.empty()) result.add("field", error.field);
    }
    if (left_.fetch_sub(1) == 1) answer();
  }

 private:
  void answer() {
    std::uint64_t recorded = 0;
    std::uint64_t duplicates = 0;
    Json results = Json::Array{};
    for (Json& each : results_) {
      const std::string status = *each.find("status")->if_string();
      recorded += status == "recorded" ? 1 : 0;
      duplicates += status == "duplicate" ? 1 : 0;
      results.push(std::move(each));
    }
    Json out;
    out.add("recorded", recorded);
    out.add("duplicates", duplicates);
    out.add("failed", results_.size() - recorded - duplicates);
    out.add("results", std::move(results));
    auto response = answer_with(context_, std::move(out), context_.log.end());
    respond_(response ? *std::move(response) : problem(std::move(response.error())));
  }

  const Context& context_;
  const Responder respond_;
  std::vector<Json> results_;  ///< each written by one answer
  std::atomic<std::size_t> left_;
};

void record_all(const Context& context, const RequestPtr& request, const Responder& respond,
                const Hand& hand, Json list) {
  auto* items = list.if_array();
  if (items == nullptr) {
    return respond(problem(events::bad_field("outcomes", "expected an array")));
  }
  if (items->empty() || items->size() > kOutcomesMax) {
    return respond(problem(events::bad_field(
        "outcomes", "expected 1 to " + std::to_string(kOutcomesMax) + " outcomes")));
  }
  const auto answers = std::make_shared<OutcomeList>(context, respond, items->size());
  for (std::size_t i = 0; i < items->size(); ++i) {
    auto asked = read_outcome(*request, std::move((*items)[i]));
    if (!asked) {
      answers->tell(i, "", std::move(asked.error()));
      continue;
    }
    const std::string id = asked->outcome.outcome_id;
    context.experiments->record(hand, request->param("name"), asked->unit, std::move(asked->meta),
                                std::move(asked->outcome),
                                [answers, i, id](Result<core::Receipt> receipt) {
                                  answers->tell(i, id, std::move(receipt));
                                });
  }
}

void record(const Context& context, const RequestPtr& request, const Responder& respond) {
  const auto hand = hand_of(*request);
  if (!hand) return respond(problem(hand.error()));
  auto body = read_json_body(context, *request);
  if (!body) return respond(problem(std::move(body.error())));
  const auto found = context.experiments->find(request->principal.project, request->param("name"));
  if (!found) return respond(problem(found.error()));
  if (body->find("outcomes") != nullptr) {
    const auto fields = BodyFields::of(*std::move(body), {"outcomes"});
    if (!fields) return respond(problem(fields.error()));
    return record_all(context, request, respond, *hand, fields->json("outcomes").value_or(Json()));
  }
  auto asked = read_outcome(*request, *std::move(body));
  if (!asked) return respond(problem(std::move(asked.error())));
  context.experiments->record(*hand, request->param("name"), asked->unit, std::move(asked->meta),
                              std::move(asked->outcome), answer_receipt(respond));
}

}  // namespace

std::vector<AddedRoute> experiment_unit_routes(const ReadsPtr& reads) {
  std::vector<AddedRoute> all;
  using Act = void (*)(const Context&, const RequestPtr&, const Responder&);
  const auto post = [&](std::string_view last, Scope scope, std::string doc, Act act) {
    Route route(Method::post, "/v1/experiments/{name}/" + std::string(last),
                Rule{scope, Access::none});
    route.takes = Takes::json;
    route.doc = std::move(doc);
    route.handler = [reads, act](const RequestPtr& request, const Responder& respond) {
      act(reads->context, request, respond);
    };
    all.push_back(documented_experiment(std::move(route)));
  };
  post("assign", Scope::read, "Which variant a unit has; with expose it is recorded", assign);
  post("exposures", Scope::write, "The unit met its variant (VariantAssigned)", expose);
  post("outcomes", Scope::write, "Something came of it (OutcomeRecorded); also a list", record);
  return all;
}

}  // namespace hansard::http
