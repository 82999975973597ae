// POST /v1/query: any question over calls, in JSON, answered as JSON, CSV or NDJSON.
#include "families.h"
#include "http/problem.h"
#include "projections/query/json.h"
#include "projections/query/lines.h"
#include "projections/query/request.h"
#include "queries/query_answers.h"

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
  explicit QueryHandler(const ReadsPtr& reads) : reads_(reads), answers_(*reads) {}

  void operator()(const RequestPtr& request, const Responder& respond) {
    if (const auto known = Query::of(*request, {}); !known) return respond(problem(known.error()));
    auto asked = query::parse_request(request->body, request->received_at);
    if (!asked) return respond(problem(std::move(asked.error())));
    asked->query.project = request->principal.project;
    auto bounds = answers_.bounds(*request, *asked);
    if (!bounds) return respond(problem(std::move(bounds.error())));
    const Format format = format_of(*request, *asked);
    const std::string view_name(projections::facts::to_word(asked->query.table));
    const core::Position least = asked->at_least.value_or(core::Position{});
    reads_->from_view(
        view_name, least, request, respond,
        [&context = reads_->context, format, asked = *std::move(asked),
         bounds = *std::move(bounds)](const core::ReadModel& view) -> Result<Response> {
          const auto answer = QueryAnswers::answer(context, asked, bounds, view);
          if (!answer) return answer.error();
          return printed(context, format, *answer);
        });
  }

 private:
  const ReadsPtr reads_;
  const QueryAnswers answers_;
};

}  // namespace

Route query_route(const ReadsPtr& reads) {
  auto handler = std::make_shared<QueryHandler>(reads);
  Route route(Method::post, "/v1/query", Rule{Scope::read, Access::none});
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
