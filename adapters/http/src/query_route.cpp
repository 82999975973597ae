// POST /v1/query: any question over calls, in JSON, answered as JSON, CSV or NDJSON.
#include <atomic>

#include "families.h"
#include "http/problem.h"
#include "projections/call_costs.h"
#include "projections/query/json.h"
#include "projections/query/lines.h"
#include "projections/query/request.h"
#include "projections/query/shown.h"

namespace hansard::http {

namespace {

namespace query = projections::query;
using core::Result;
using query::Format;

Format format_of(const Request& request, const query::Request& asked) {
  if (asked.format) return *asked.format;
  const std::string_view accept = request.headers.find("Accept").value_or("");
  if (accept.find("text/csv") != std::string_view::npos) return Format::csv;
  return accept.find("ndjson") != std::string_view::npos ? Format::ndjson : Format::json;
}

/// True while somebody waits for the answer and it is not too late.
std::function<bool()> patience(const Request& request) {
  auto here = std::make_shared<std::atomic<bool>>(true);
  if (request.departure) {
    request.departure->then([here] { here->store(false, std::memory_order_relaxed); });
  }
  return [here, deadline = request.deadline] {
    return here->load(std::memory_order_relaxed) && std::chrono::steady_clock::now() < deadline;
  };
}

bool asks_cost(const query::Query& query) {
  const auto is = [](query::Measure measure) {
    return measure == query::Measure::cost || measure == query::Measure::saved_cost;
  };
  for (const auto& one : query.aggregates) {
    if (!one.distinct_of && is(one.measure)) return true;
  }
  for (const auto& filter : query.where_measure) {
    if (is(filter.measure)) return true;
  }
  return false;
}

Result<Response> printed(const Context& context, Format format, const query::Answer& answer) {
  if (format == Format::json) return answer_with(context, query::to_json(answer), answer.as_of);
  Response response;
  response.body = format == Format::csv ? query::to_csv(answer) : query::to_ndjson(answer);
  if (response.body.size() > context.limits[Limit::answer_bytes]) {
    return over_limit(context, Limit::answer_bytes);
  }
  response.headers.add("Content-Type",
                       format == Format::csv ? "text/csv; charset=utf-8" : "application/x-ndjson");
  response.headers.add("Hansard-Position", std::to_string(answer.as_of.value));
  // A table of values has no place for what must be known of them.
  const std::string remarks = query::remarks(answer);
  if (!remarks.empty()) response.headers.add("Hansard-Remarks", remarks);
  return response;
}

class QueryHandler {
 public:
  explicit QueryHandler(const ReadsPtr& reads) : reads_(reads), prices_(reads->context.log) {}

  void operator()(const RequestPtr& request, const Responder& respond) {
    const Context& context = reads_->context;
    if (const auto known = Query::of(*request, {}); !known) return respond(problem(known.error()));
    auto asked = query::parse_request(request->body, request->received_at);
    if (!asked) return respond(problem(std::move(asked.error())));
    asked->query.project = request->principal.project;
    query::Options options;
    options.bytes_max = static_cast<std::size_t>(context.limits[Limit::query_bytes]);
    options.keep_going = patience(*request);
    if (asks_cost(asked->query)) {
      auto prices = prices_.read(asked->query.project);
      if (!prices) return respond(problem(std::move(prices.error())));
      projections::CostOptions costs;
      if (asked->prices_as_of) costs.prices_as_of = *asked->prices_as_of;
      options.cost = projections::cost_hook(*std::move(prices), asked->query.project, costs);
    }
    const Format format = format_of(*request, *asked);
    const std::string view_name(projections::facts::to_word(asked->query.table));
    const core::Position least = asked->at_least.value_or(core::Position{});
    reads_->from_view(view_name, least, request, respond,
                      [&context, format, asked = *std::move(asked), options = std::move(options)](
                          const core::ReadModel& view) -> Result<Response> {
                        return answer(context, format, asked, options, view);
                      });
  }

 private:
  static Result<Response> answer(const Context& context, Format format, const query::Request& asked,
                                 const query::Options& options, const core::ReadModel& view) {
    auto found = query::execute(view, context.keyed_hash, asked.query, options);
    if (!found) {
      if (found.error().code == core::Errc::too_large)
        context.metrics.limit_hit(Limit::query_bytes);
      return std::move(found.error());
    }
    const auto shown =
        query::show_names(view, context.log, asked.query.project, options.keep_going, *found);
    if (!shown) return shown.error();
    found->asked_at = asked.asked_at;
    return printed(context, format, *found);
  }

  const ReadsPtr reads_;
  projections::PriceReader prices_;
};

}  // namespace

Route query_route(const ReadsPtr& reads) {
  auto handler = std::make_shared<QueryHandler>(reads);
  Route route;
  route.method = Method::post;
  route.pattern = "/v1/query";
  route.scope = Scope::read;
  route.takes = Takes::json;
  route.doc =
      "Measures of calls (sums, averages, percentiles, costs), filtered and grouped by anything";
  route.handler = [handler](const RequestPtr& request, const Responder& respond) {
    (*handler)(request, respond);
  };
  route.waits = true;
  return route;
}

}  // namespace hansard::http
