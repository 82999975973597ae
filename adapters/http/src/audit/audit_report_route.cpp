// GET /v1/audit/report: one conversation for somebody who must judge it, on one page.
#include <utility>

#include "audit/report_page.h"
#include "events/session/ids.h"
#include "families.h"
#include "http/problem.h"
#include "shared/query.h"

namespace hansard::http {

namespace {

using core::Result;

Result<Response> tell(const Reads& reads, const Request& request, core::Position end) {
  const Context& context = reads.context;
  const auto query = Query::of(request, {"session", "format", "at_least"});
  if (!query) return query.error();
  const auto session = query->text("session");
  if (!session) return events::bad_field("session", "which conversation?");
  const std::string format = query->text("format").value_or("md");
  if (format != "md" && format != "html") {
    return events::bad_field("format", "expected md or html");
  }
  const core::ProjectId& project = request.principal.project;
  const auto stream = events::session_stream(project, *session, context.keyed_hash);
  if (!stream) return events::bad_field("session", stream.error().message);
  const auto found = find_for_report(context.log, project, *stream);
  if (!found) return found.error();
  const auto prices = reads.prices->read(project);
  if (!prices) return prices.error();
  const auto out = ReportText::make(format == "md" ? ReportFormat::md : ReportFormat::html);
  if (auto status = Report(context, request, *found, *session, *out).write((*prices)->book);
      !status) {
    return std::move(status.error());
  }
  Response response = out->take(context.hasher, "Audit report: " + *session);
  response.headers.add("Hansard-Position", std::to_string(end.value));
  return response;
}

constexpr RouteDoc::Answer kAnswers[] = {{200, "text/markdown; charset=utf-8", ""},
                                         {200, "text/html; charset=utf-8", ""}};

}  // namespace

AddedRoute audit_report_route(const std::shared_ptr<Reads>& reads) {
  Route route =
      get_route("/v1/audit/report", Rule{Scope::audit, Access::content},
                "One conversation for somebody who must judge it, on one page (session, format)",
                [reads](const RequestPtr& request, const Responder& respond) {
                  reads->from_log(request, respond, [reads, request](core::Position end) {
                    return tell(*reads, *request, end);
                  });
                });
  const RouteDoc doc{Method::get, "/v1/audit/report", "session format at_least", "", kAnswers};
  return {std::move(route), doc, "", {}};
}

}  // namespace hansard::http
