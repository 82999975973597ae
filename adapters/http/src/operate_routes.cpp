// Health, metrics and the projections of a running engine.
#include <algorithm>

#include "families.h"
#include "http/problem.h"
#include "projections/rows.h"

namespace hansard::http {

namespace {

using core::ProjectionState;
using core::Result;
using events::Json;
using projections::SearchState;

std::string_view word(ProjectionState::Phase phase) {
  switch (phase) {
    case ProjectionState::Phase::catching_up:
      return "catching_up";
    case ProjectionState::Phase::live:
      return "live";
    case ProjectionState::Phase::building:
      return "building";
    case ProjectionState::Phase::stopped:
      break;
  }
  return "stopped";
}

Json to_json(const ProjectionState& state, core::Position end) {
  Json json;
  json.add("name", state.name);
  json.add("version", static_cast<std::uint64_t>(state.version));
  json.add("phase", word(state.phase));
  json.add("checkpoint", state.checkpoint.value);
  json.add("behind", end.value - std::min(end.value, state.checkpoint.value));
  if (state.phase == ProjectionState::Phase::building) {
    json.add("building_checkpoint", state.building_checkpoint.value);
  }
  if (state.failed_at) json.add("failed_at", state.failed_at->value);
  if (!state.failed_event.empty()) json.add("failed_event", state.failed_event);
  if (!state.error.empty()) json.add("error", state.error);
  return json;
}

/// The index of texts is no view of rows, and stands among them all the same: it follows the log,
/// lags and stops as they do.
constexpr std::string_view kSearch = "search";

Json to_json(const SearchState& state, core::Position end) {
  const bool opening = state.phase == SearchState::Phase::opening;
  Json json;
  json.add("name", kSearch);
  json.add("version", static_cast<std::uint64_t>(state.version));
  json.add("phase", opening                                      ? "catching_up"
                    : state.phase == SearchState::Phase::stopped ? "stopped"
                    : state.phase == SearchState::Phase::live    ? "live"
                                                                 : "catching_up");
  json.add("checkpoint", state.checkpoint.value);
  json.add("behind", end.value - std::min(end.value, state.checkpoint.value));
  if (!state.error.empty()) json.add("error", state.error);
  if (!state.notice.empty()) json.add("notice", state.notice);
  return json;
}

Json projections_json(const Context& context, core::Position end) {
  Json list(Json::Array{});
  for (const ProjectionState& state : context.views.states()) list.push(to_json(state, end));
  if (context.search != nullptr) list.push(to_json(context.search->state(), end));
  return list;
}

/// 503 only when the store takes no appends. A stopped view is a bug that someone must see, but
/// taking the engine out of service for it would stop the recording as well.
Response readiness(const Context& context) {
  const core::Status writable = context.writable ? context.writable() : core::Status(core::Ok{});
  bool degraded = false;
  for (const ProjectionState& state : context.views.states()) {
    degraded = degraded || state.phase == ProjectionState::Phase::stopped;
  }
  if (context.search != nullptr) {
    degraded = degraded || context.search->state().phase == SearchState::Phase::stopped;
  }
  const core::Position end = context.log.end();
  Json json;
  json.add("status", !writable ? "unavailable" : degraded ? "degraded" : "ready");
  Json store;
  store.add("accepts_appends", writable.has_value());
  if (!writable) {
    store.add("code", core::traits(writable.error().code).name);
    store.add("error", writable.error().message);
  }
  json.add("store", std::move(store));
  json.add("end", end.value);
  json.add("projections", projections_json(context, end));
  return json_response(writable ? 200 : 503, events::dump(json));
}

Result<Response> rows(const Context& context, const Request& request, const core::ReadModel& view) {
  if (!request.principal.sees_all_projects()) {
    return core::Error{core::Errc::forbidden,
                       "rows are of all projects: they are for the unix socket, and for keys of "
                       "project _log"};
  }
  const auto query = Query::of(request, {"prefix", "cursor", "limit", "at_least"});
  if (!query) return query.error();
  const auto limit = query->count("limit", 100, projections::kRowPageMax);
  if (!limit) return limit.error();
  const auto page =
      projections::read_rows(view, query->text("prefix").value_or(""),
                             query->text("cursor").value_or(""), static_cast<std::size_t>(*limit));
  if (!page) return page.error();
  Json json;
  Json list(Json::Array{});
  for (const projections::ReadableRow& row : page->rows) {
    Json one;
    one.add("key", row.key);
    one.add("row", row.row);
    list.push(std::move(one));
  }
  json.add("rows", std::move(list));
  if (page->next) json.add("next", *page->next);
  return answer_with(context, std::move(json), page->checkpoint);
}

enum class Action : std::uint8_t { retry, rebuild };

core::Status act_on(const Context& context, Action action, const std::string& name) {
  if (name == kSearch && context.search != nullptr) {
    if (action == Action::retry) {
      context.search->retry();
    } else {
      context.search->rebuild("it was asked for");
    }
    return core::Ok{};
  }
  return action == Action::retry ? context.views.retry(name) : context.views.rebuild(name);
}

Route action_route(const ReadsPtr& reads, Action action, const char* doc) {
  Route route(Method::post,
              std::string("/v1/admin/projections/{name}/") +
                  (action == Action::retry ? "retry" : "rebuild"),
              Rule{Scope::admin, Access::none});
  route.runs = Runs::pool;
  route.takes = Takes::json;
  route.doc = doc;
  route.handler = [reads, action](const RequestPtr& request, const Responder& respond) {
    const Context& context = reads->context;
    const std::string& name = request->param("name");
    if (auto status = act_on(context, action, name); !status) {
      return respond(problem(std::move(status.error())));
    }
    Json json;
    json.add("projections", projections_json(context, context.log.end()));
    respond(json_response(202, events::dump(json)));
  };
  return route;
}

}  // namespace

std::vector<Route> operate_routes(const ReadsPtr& reads) {
  std::vector<Route> all;
  Route alive = get_route("/healthz", Rule::anyone(), "The process answers",
                          [](const RequestPtr&, const Responder& respond) {
                            respond(json_response(200, "{\"status\":\"ok\"}"));
                          });
  alive.runs = Runs::loop;
  all.push_back(std::move(alive));
  all.push_back(get_route("/readyz", Rule::anyone(),
                          "Store and projections: ready, degraded or not",
                          [reads](const RequestPtr&, const Responder& respond) {
                            respond(readiness(reads->context));
                          }));
  all.push_back(get_route("/metrics", Rule{Scope::admin, Access::none}, "Counters for Prometheus",
                          [reads](const RequestPtr&, const Responder& respond) {
                            Response response;
                            response.headers.add("Content-Type", "text/plain; version=0.0.4");
                            response.body = reads->context.metrics.text();
                            respond(std::move(response));
                          }));
  all.push_back(get_route(
      "/v1/admin/projections", Rule{Scope::admin, Access::none}, "Where each projection stands",
      [reads](const RequestPtr& request, const Responder& respond) {
        reads->from_log(request, respond, [&context = reads->context](core::Position end) {
          Json json;
          json.add("projections", projections_json(context, end));
          return answer_with(context, std::move(json), end);
        });
      }));
  all.push_back(get_route(
      "/v1/admin/projections/{name}/rows", Rule{Scope::admin, Access::none},
      "The rows of any projection, made readable (prefix, cursor, limit)",
      [reads](const RequestPtr& request, const Responder& respond) {
        if (request->param("name") == kSearch) {
          return respond(problem(core::Error{
              core::Errc::unsupported, "the index of texts has no rows; ask GET /v1/search"}));
        }
        reads->from_view(request->param("name"), request, respond,
                         [&context = reads->context, request](const core::ReadModel& view) {
                           return rows(context, *request, view);
                         });
      }));
  all.push_back(action_route(reads, Action::retry, "Try a stopped projection again"));
  all.push_back(action_route(reads, Action::rebuild,
                             "Build a projection anew; views beside the old, then swap"));
  return all;
}

}  // namespace hansard::http
