// POST /v1/sessions and what is recorded into one: typed commands with the events' field names.
#include <utility>

#include "access/exposing_request.h"
#include "families.h"
#include "http/problem.h"
#include "shared/record_command.h"

namespace hansard::http {

namespace {

void record(const Context& context, const RecordKind& kind, const RequestPtr& request,
            const Responder& respond) {
  auto options = write_options(*request);
  if (!options) return respond(problem(std::move(options.error())));
  auto body = read_json_body(context, *request);
  if (!body) return respond(problem(std::move(body.error())));
  const std::string_view session =
      kind.name.empty() ? std::string_view() : std::string_view(request->param("id"));
  const Author author{request->principal, request->received_at, *std::move(options)};
  if (kind.name == "requests" && context.experiments) {
    if (const auto unit = take_unit(*body)) {
      auto text = unit->as_string("unit");
      if (!text) return respond(problem(std::move(text.error())));
      return record_of_unit(context, kind, request, respond, author, *std::move(body),
                            *std::move(text));
    }
  }
  auto prepared = prepare_command(context, kind, author, session, *std::move(body));
  if (!prepared) return respond(problem(std::move(prepared.error())));
  context.execute(std::move(prepared->with), std::move(prepared->command), answer_receipt(respond));
}

}  // namespace

std::vector<Route> record_routes(const Context& context) {
  std::vector<Route> all;
  for (const RecordKind& kind : record_kinds()) {
    Route route(Method::post,
                kind.name.empty() ? std::string("/v1/sessions")
                                  : "/v1/sessions/{id}/" + std::string(kind.name),
                Rule{Scope::write, Access::none});
    route.runs = Runs::loop;  // parsing only: the command loop has a pool of its own
    route.takes = Takes::json;
    route.doc = kind.doc;
    route.handler = [&context, &kind](const RequestPtr& request, const Responder& respond) {
      record(context, kind, request, respond);
    };
    all.push_back(std::move(route));
  }
  return all;
}

}  // namespace hansard::http
