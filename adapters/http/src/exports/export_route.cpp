// GET /v1/export: the log, a project, or some of its conversations, to keep or to take elsewhere.
#include <algorithm>
#include <set>
#include <utility>

#include "events/session/ids.h"
#include "exports/export_body.h"
#include "families.h"
#include "http/json_out.h"
#include "http/problem.h"
#include "sessions/session_query.h"

namespace hansard::http {

namespace {

using core::Errc;
using core::Error;
using core::Result;

/// Sessions of one export that were chosen one by one or by filters; larger ones take a project.
constexpr std::size_t kExportSessionsMax = 100'000;

enum class Chosen : std::uint8_t { everything, project, sessions, filters };

Chosen chosen_by(const Request& request) {
  Chosen chosen = Chosen::everything;
  for (const auto& [name, value] : request.query) {
    if (name == "session") return Chosen::sessions;
    if (name == "project") chosen = Chosen::project;
    if (name != "project" && name != "at_least") return Chosen::filters;
  }
  return chosen;
}

std::string_view word(Chosen chosen) {
  switch (chosen) {
    case Chosen::everything:
      return "log";
    case Chosen::project:
      return "project";
    case Chosen::sessions:
    case Chosen::filters:
      break;
  }
  return "sessions";
}

/// The first line: which log this is of, how far it went, and a proof of its key that tells nothing
/// about it.
std::string header_line(const Context& context, Chosen chosen, const ExportPlan& plan) {
  const std::string log_id = core::to_string(context.log_id);
  const core::Hash key_check = context.keyed_hash("export", "", log_id);
  JsonOut json;
  json.object()
      .member("hansard_export", std::uint64_t{1})
      .member("log_id", log_id)
      .member("key_check", core::to_hex(core::as_bytes(key_check)))
      .member("scope", word(chosen));
  if (!plan.all_projects) json.member("project", plan.project.text());
  if (plan.streams) json.member("sessions", static_cast<std::uint64_t>(plan.streams->size()));
  json.member("size", plan.tree.size)
      .member("root", core::to_hex(core::as_bytes(plan.tree.root)))
      .end_object();
  return json.take() + "\n";
}

/// Branches before what they left, so that who reads a fork knows its branch.
core::Status order_streams(const Context& context, ExportPlan& plan) {
  std::vector<std::pair<std::uint64_t, core::StreamId>> begun;
  for (core::StreamId& stream : *plan.streams) {
    std::uint64_t position = 0;
    const auto read = context.log.read_stream(plan.project, stream, core::Version{},
                                              [&](const core::RecordedEvent& first) {
                                                position = first.position.value;
                                                return false;
                                              });
    if (!read) return read.error();
    begun.emplace_back(position, std::move(stream));
  }
  std::sort(begun.begin(), begun.end(),
            [](const auto& a, const auto& b) { return a.first > b.first; });
  plan.streams->clear();
  for (auto& [position, stream] : begun) plan.streams->push_back(std::move(stream));
  return core::Ok{};
}

Result<Response> export_of(const Context& context, Chosen chosen, ExportPlan plan) {
  if (plan.streams) {
    if (auto ordered = order_streams(context, plan); !ordered) return ordered.error();
  }
  plan.header = header_line(context, chosen, plan);
  Response response;
  response.headers.add("Content-Type", "application/x-ndjson");
  response.headers.add("Hansard-Position", std::to_string(plan.tree.size));
  response.stream = std::make_unique<ExportBody>(context.log, context.blocking, std::move(plan));
  return response;
}

Result<ExportPlan> plan_for_project(const Request& request, const Query& query) {
  ExportPlan plan;
  plan.project = request.principal.project;
  const bool all =
      request.principal.sees_all_projects() && request.principal.scopes.has(Scope::admin);
  const auto named = query.text("project");
  plan.all_projects = !named;
  if (!named && !all) {
    return Error{Errc::forbidden,
                 "the whole log is for the unix socket, and for keys of project _log with scope "
                 "admin; choose project=" +
                     plan.project.text() + ", sessions, or filters"};
  }
  if (!named) return plan;
  auto project = core::ProjectId::parse(*named);
  if (!project) return events::bad_field("project", project.error().message);
  if (*project != plan.project && !all) {
    return Error{Errc::forbidden, "this key belongs to another project", "project"};
  }
  plan.project = *std::move(project);
  return plan;
}

Result<ExportPlan> plan_for_sessions(const Context& context, const Request& request,
                                     const Query& query) {
  ExportPlan plan;
  plan.project = request.principal.project;
  plan.streams.emplace();
  std::set<core::StreamId> named;
  for (const std::string& session : query.all("session")) {
    auto stream = events::session_stream(plan.project, session, context.keyed_hash);
    if (!stream) return events::bad_field("session", stream.error().message);
    const auto head = context.log.head(plan.project, *stream);
    if (!head) return head.error();
    if (!*head) return Error{Errc::not_found, "no session '" + session + "'", "session"};
    if (named.insert(*stream).second) plan.streams->push_back(*std::move(stream));
  }
  return plan;
}

/// All that the filters find, from one moment of the view.
Result<ExportPlan> plan_for_filters(const Context& context, projections::SessionQuery query,
                                    const core::ReadModel& view) {
  ExportPlan plan;
  plan.project = query.project;
  plan.streams.emplace();
  query.limit = projections::kSessionPageMax;
  const projections::SessionDirectory directory(context.log, context.keyed_hash);
  for (;;) {
    auto page = directory.list(view, query);
    if (!page) return page.error();
    for (const projections::SessionListing& session : page->sessions) {
      auto stream = core::StreamId::make("session", session.row.name);
      if (!stream) return stream.error();
      plan.streams->push_back(*std::move(stream));
    }
    if (plan.streams->size() > kExportSessionsMax) {
      return Error{Errc::too_large, "more than " + std::to_string(kExportSessionsMax) +
                                        " sessions; narrow the filters, or export the project"};
    }
    if (!page->next) return plan;
    query.cursor = *std::move(page->next);
  }
}

void export_filtered(const ReadsPtr& reads, const RequestPtr& request, const Responder& respond) {
  const Context& context = reads->context;
  const auto query = Query::of(
      *request,
      {"user", "agent", "app", "model", "status", "from", "to", "active_within", "at_least"},
      {"tag"});
  if (!query) return respond(problem(query.error()));
  auto filters = session_filters(context, request->principal.project, *query);
  if (!filters) return respond(problem(std::move(filters.error())));
  reads->from_view(
      "sessions", request, respond,
      [&context, filters = *std::move(filters)](const core::ReadModel& view) -> Result<Response> {
        auto plan = plan_for_filters(context, filters, view);
        if (!plan) return std::move(plan.error());
        plan->tree = context.log.tree();
        return export_of(context, Chosen::filters, *std::move(plan));
      });
}

}  // namespace

Route export_route(const ReadsPtr& reads) {
  return get_route(
      "/v1/export", Rule{Scope::read, Access::export_},
      "Events with all that their bytes hold, one a line: the whole log (admins of _log), a "
      "project, "
      "sessions (session), or those of filters (as /v1/sessions)",
      [reads](const RequestPtr& request, const Responder& respond) {
        const Chosen chosen = chosen_by(*request);
        if (chosen == Chosen::filters) return export_filtered(reads, request, respond);
        reads->from_log(
            request, respond,
            [&context = reads->context, request, chosen](core::Position) -> Result<Response> {
              const bool sessions = chosen == Chosen::sessions;
              const auto query = sessions ? Query::of(*request, {"at_least"}, {"session"})
                                          : Query::of(*request, {"project", "at_least"});
              if (!query) return query.error();
              auto plan = sessions ? plan_for_sessions(context, *request, *query)
                                   : plan_for_project(*request, *query);
              if (!plan) return std::move(plan.error());
              plan->tree = context.log.tree();
              return export_of(context, chosen, *std::move(plan));
            });
      });
}

}  // namespace hansard::http
