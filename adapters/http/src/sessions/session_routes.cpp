// Conversations: the directory, and one session as it stood.
#include "families.h"
#include "http/problem.h"
#include "projections/context.h"
#include "projections/history.h"
#include "projections/json.h"
#include "sessions/session_query.h"
#include "shared/past.h"

namespace hansard::http {

namespace {

using core::Result;
using projections::AsOf;
using projections::SessionQuery;
using projections::SessionReader;

Result<SessionQuery> session_query(const Context& context, const Request& request) {
  const auto query = Query::of(request,
                               {"user", "agent", "app", "model", "status", "from", "to", "limit",
                                "cursor", "active_within", "at_least"},
                               {"tag"});
  if (!query) return query.error();
  auto out = session_filters(context, request.principal.project, *query);
  if (!out) return out;
  out->cursor = query->text("cursor").value_or("");
  const auto limit = query->count("limit", out->limit, projections::kSessionPageMax);
  if (!limit) return limit.error();
  out->limit = static_cast<std::size_t>(*limit);
  return out;
}

void list_sessions(Reads& reads, const RequestPtr& request, const Responder& respond) {
  if (auto status = refuse_as_of(*request, "sessions"); !status) {
    return respond(problem(std::move(status.error())));
  }
  auto query = session_query(reads.context, *request);
  if (!query) return respond(problem(std::move(query.error())));
  reads.from_view("sessions", request, respond,
                  [&context = reads.context,
                   query = *std::move(query)](const core::ReadModel& view) -> Result<Response> {
                    const projections::SessionDirectory directory(context.log, context.keyed_hash);
                    const auto page = directory.list(view, query);
                    if (!page) return page.error();
                    return answer_with(context, projections::to_json(*page), page->checkpoint);
                  });
}

/// What is asked about one session: a member of SessionReader, and the JSON of its result.
template <class T>
using Fold = Result<T> (SessionReader::*)(const core::ProjectId&, const core::StreamId&,
                                          AsOf) const;

template <class T>
Handler one_session(const ReadsPtr& reads, Fold<T> fold) {
  return [reads, fold](const RequestPtr& request, const Responder& respond) {
    reads->from_log(
        request, respond,
        [&context = reads->context, request, fold](core::Position end) -> Result<Response> {
          const auto query = Query::of(*request, {"as_of", "at_least"});
          if (!query) return query.error();
          const auto as_of = as_of_parameter(*query);
          if (!as_of) return as_of.error();
          const auto stream = session_of(context, *request);
          if (!stream) return stream.error();
          const auto answer =
              (SessionReader(context.log).*fold)(request->principal.project, *stream, *as_of);
          if (!answer) return answer.error();
          return answer_with(context, projections::to_json(*answer), end);
        });
  };
}

}  // namespace

std::vector<Route> session_routes(const ReadsPtr& reads) {
  std::vector<Route> all;
  all.push_back(get_route("/v1/sessions", Rule{Scope::read, Access::content},
                          "Sessions, latest activity first (user, agent, app, model, tag, status, "
                          "from, to, active_within, limit, cursor)",
                          [reads](const RequestPtr& request, const Responder& respond) {
                            list_sessions(*reads, request, respond);
                          }));
  all.push_back(get_route("/v1/sessions/{id}", Rule{Scope::read, Access::content},
                          "One session in a few lines (as_of)",
                          one_session(reads, &SessionReader::overview)));
  all.push_back(get_route("/v1/sessions/{id}/history", Rule{Scope::read, Access::content},
                          "The conversation, message by message (as_of)",
                          one_session(reads, &SessionReader::history)));
  all.push_back(get_route("/v1/sessions/{id}/context", Rule{Scope::read, Access::content},
                          "What a model would be sent next (as_of)",
                          one_session(reads, &SessionReader::context)));
  return all;
}

}  // namespace hansard::http
