// Prices on record, the catalogue of models, and what a call would cost.
#include <algorithm>

#include "events/session/ids.h"
#include "events/system/events.h"
#include "families.h"
#include "http/problem.h"
#include "openapi/price_docs.h"
#include "prices/estimate_body.h"
#include "prices/price_json.h"
#include "shared/receipts.h"

namespace hansard::http {

namespace {

using core::Result;
using events::Json;
namespace pricing = events::pricing;

/// Of which time, and by which prices.
struct Moment {
  core::Timestamp at;
  core::Position prices_as_of = pricing::PriceBook::kAll;
};

Result<Moment> moment_of(const Query& query, const Context& context) {
  const auto at = query.time("at");
  if (!at) return at.error();
  const auto as_of = query.number("prices_as_of");
  if (!as_of) return as_of.error();
  Moment moment{at->value_or(context.clock.now())};
  if (*as_of) moment.prices_as_of = core::Position{**as_of};
  return moment;
}

Json steps_json(const pricing::Quote& quote) {
  Json steps = Json::Array{};
  for (const auto& step : quote.steps()) {
    Json each = Json::Object{};
    if (step.from != core::Timestamp::min()) each.add("from", core::format_time(step.from));
    add_match(each, step.match);
    steps.push(std::move(each));
  }
  return steps;
}

Result<Response> tell_prices(const Reads& reads, const Request& request, core::Position end) {
  const auto query = Query::of(request, {"model", "provider", "at", "prices_as_of", "at_least"});
  if (!query) return query.error();
  const auto moment = moment_of(*query, reads.context);
  if (!moment) return moment.error();
  const auto model = query->text("model");
  const auto provider = query->text("provider");
  if (provider && !model) return events::bad_field("provider", "needs a model");
  const core::ProjectId& project = request.principal.project;
  const auto prices = reads.prices->read(project);
  if (!prices) return prices.error();

  Json json = Json::Object{};
  json.add("at", core::format_time(moment->at));
  Json books = Json::Array{};
  for (const auto& book : (*prices)->books_of(project.text(), moment->prices_as_of)) {
    books.push(book_json(book));
  }
  json.add("books", std::move(books));
  if (model) {
    const pricing::Quote quote =
        (*prices)->book.quote(project.text(), provider.value_or(""), *model, moment->prices_as_of);
    Json found = Json::Object{};
    found.add("model", *model);
    if (provider) found.add("provider", *provider);
    add_match(found, quote.at(moment->at));
    found.add("steps", steps_json(quote));
    json.add("model", std::move(found));
  }
  return answer_with(reads.context, std::move(json), end);
}

/// A name with `*` at its end, or part of one.
bool is_like(std::string_view name, std::string_view pattern) {
  if (pattern.ends_with('*')) return name.starts_with(pattern.substr(0, pattern.size() - 1));
  return name.find(pattern) != std::string_view::npos;
}

Result<Response> tell_catalogue(const Reads& reads, const Request& request, core::Position end) {
  const auto query = Query::of(
      request, {"pattern", "provider", "mode", "at", "prices_as_of", "limit", "at_least"});
  if (!query) return query.error();
  const auto moment = moment_of(*query, reads.context);
  if (!moment) return moment.error();
  const auto limit = query->count("limit", 500, 10'000);
  if (!limit) return limit.error();
  const core::ProjectId& project = request.principal.project;
  const auto prices = reads.prices->read(project);
  if (!prices) return prices.error();
  const std::string pattern = query->text("pattern").value_or("");
  const auto provider = query->text("provider");
  const auto mode = query->text("mode");
  const std::string today = core::format_time(moment->at).substr(0, 10);

  Json models = Json::Array{};
  std::uint64_t total = 0;
  for (const auto& each : (*prices)->book.list(project.text(), moment->at, moment->prices_as_of)) {
    const pricing::PriceEntry& entry = each->entry;
    if (!is_like(entry.name(), pattern) && !is_like(entry.model, pattern)) continue;
    if (provider && entry.provider.value_or("") != *provider) continue;
    if (mode && entry.mode.value_or("") != *mode) continue;
    if (++total > *limit) continue;
    Json model = price_json(*each);
    if (entry.retires && *entry.retires <= today) model.add("retired", true);
    models.push(std::move(model));
  }
  Json json = Json::Object{};
  json.add("at", core::format_time(moment->at));
  json.add("models", std::move(models));
  json.add("total", total);
  return answer_with(reads.context, std::move(json), end);
}

/// The events of a book as a client posts it; those of one version are the same events.
Result<core::AppendRequest> book_request(const Context& context, const Request& request,
                                         const Json& body) {
  auto book = read_book_body(body);
  if (!book) return std::move(book.error());
  core::AppendRequest append;
  append.project = request.principal.project;
  append.recorded_at = request.received_at;
  append.actor = request.principal.actor;
  const core::StreamId system;
  for (const events::PricesPublished& part : events::in_parts(*std::move(book))) {
    if (auto status = events::check(part); !status) return std::move(status.error());
    events::EncodedEvent encoded = events::encode(part);
    core::NewEvent event;
    event.stream = system;
    event.type = encoded.type;
    event.schema = encoded.schema;
    event.facts = std::move(encoded.facts);
    event.content = std::move(encoded.content);
    event.id = events::derive_event_id(append.project, system, event.type,
                                       {part.book, part.version, std::to_string(part.part)},
                                       context.keyed_hash);
    event.salt = context.draw_random();
    core::seal(event, context.hasher);
    append.records.push_back(std::move(event));
  }
  return append;
}

void post_prices(const Context& context, const RequestPtr& request, const Responder& respond) {
  const auto json = read_json_body(context, *request);
  if (!json) return respond(problem(json.error()));
  auto append = book_request(context, *request, *json);
  if (!append) return respond(problem(std::move(append.error())));
  context.log.append(*std::move(append), answer_receipt(respond));
}

Result<Response> tell_estimate(const Reads& reads, const Request& request) {
  const auto json = read_json_body(reads.context, request);
  if (!json) return json.error();
  const auto body = read_estimate_body(*json);
  if (!body) return body.error();
  const core::ProjectId& project = request.principal.project;
  const auto prices = reads.prices->read(project);
  if (!prices) return prices.error();
  pricing::CallToPrice call;
  call.model = body->model;
  call.provider = body->provider;
  call.occurred_at = body->at.value_or(reads.context.clock.now());
  call.usage = body->usage;
  call.conditions = {body->tier, body->region};
  call.units = body->units;
  const pricing::PricedCall priced = pricing::cost_of((*prices)->book, project.text(), call);

  Json answer = Json::Object{};
  answer.add("model", body->model);
  if (!body->provider.empty()) answer.add("provider", body->provider);
  answer.add("tier", std::string(pricing::to_word(body->tier)));
  answer.add("at", core::format_time(*call.occurred_at));
  answer.add("usage", usage_json(body->usage));
  if (body->tokens_estimated) answer.add("tokens_estimated", true);
  answer.add("cost", cost_json(priced));
  add_match(answer, priced.match);
  return answer_with(reads.context, std::move(answer), reads.context.log.end());
}

void answer_or_problem(const Responder& respond, Result<Response> response) {
  respond(response ? *std::move(response) : problem(std::move(response.error())));
}

/// A route that answers from the log's prices.
template <class F>
Handler reading(const ReadsPtr& reads, F tell) {
  return [reads, tell](const RequestPtr& request, const Responder& respond) {
    reads->from_log(request, respond, [reads, request, tell](core::Position end) {
      return tell(*reads, *request, end);
    });
  };
}

}  // namespace

std::vector<AddedRoute> price_routes(const ReadsPtr& reads) {
  std::vector<AddedRoute> all;
  const auto add = [&](Route route) {
    AddedRoute made = documented(std::move(route));
    all.push_back(std::move(made));
  };
  add(get_route("/v1/prices", Rule{Scope::read, Access::none},
                "Price books on record, and what a model costs", reading(reads, tell_prices)));
  add(get_route("/v1/models/catalogue", Rule{Scope::read, Access::none},
                "Models with a price: windows, prices, retirement",
                reading(reads, tell_catalogue)));
  Route publish(Method::post, "/v1/prices", Rule{Scope::admin, Access::none});
  publish.runs = Runs::pool;
  publish.takes = Takes::json;
  publish.doc = "Publish prices that hold in this project, before the shared ones";
  publish.handler = [&context = reads->context](const RequestPtr& request,
                                                const Responder& respond) {
    post_prices(context, request, respond);
  };
  add(std::move(publish));
  Route estimate(Method::post, "/v1/estimate", Rule{Scope::read, Access::none});
  estimate.runs = Runs::pool;
  estimate.takes = Takes::json;
  estimate.doc = "What a call would cost";
  estimate.handler = [reads](const RequestPtr& request, const Responder& respond) {
    answer_or_problem(respond, tell_estimate(*reads, *request));
  };
  add(std::move(estimate));
  add(price_change_route(reads));
  return all;
}

}  // namespace hansard::http
