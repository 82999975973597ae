#include <iterator>

#include "access/access_recorder.h"
#include "access/audit_log.h"
#include "families.h"
#include "openapi/openapi.h"

namespace hansard::http {

core::Error over_limit(const Context& context, Limit limit) {
  context.metrics.limit_hit(limit);
  return limit_error(context.limits, limit);
}

Route get_route(std::string pattern, Rule rule, std::string doc, Handler handler) {
  Route route(Method::get, std::move(pattern), rule);
  route.doc = std::move(doc);
  route.handler = std::move(handler);
  return route;
}

std::vector<Route> routes(const Context& context, std::vector<AddedRoute> added) {
  // Shared by the handlers, so that it goes with the last of them.
  const auto reads = std::make_shared<Reads>(context);
  std::vector<Route> all;
  const auto add = [&](std::vector<Route> family) {
    std::move(family.begin(), family.end(), std::back_inserter(all));
  };
  add(page_routes(reads));
  add(record_routes(context));
  all.push_back(append_route(context));
  all.push_back(ingest_route(context));
  add(session_routes(reads));
  add(event_routes(reads));
  add(explain_routes(reads));
  all.push_back(replay_route(reads));
  all.push_back(export_route(reads));
  all.push_back(usage_route(reads));
  all.push_back(query_route(reads));
  all.push_back(search_route(reads));
  add(operate_routes(reads));
  for (AddedRoute& each : price_routes(reads)) added.push_back(std::move(each));
  for (AddedRoute& each : report_routes(reads)) added.push_back(std::move(each));
  for (AddedRoute& each : prompt_routes(reads)) added.push_back(std::move(each));
  for (AddedRoute& each : runs_routes(reads)) added.push_back(std::move(each));
  for (AddedRoute& each : experiment_report_routes(reads)) added.push_back(std::move(each));
  added.push_back(evaluation_route(context));
  if (context.tree != nullptr && context.notary != nullptr) {
    for (AddedRoute& each : audit_routes(reads)) added.push_back(std::move(each));
  }
  if (context.experiments) {
    for (AddedRoute& each : experiment_routes(reads)) added.push_back(std::move(each));
  }
  if (context.execute_keys) {
    for (AddedRoute& each : key_routes(reads)) added.push_back(std::move(each));
  }
  for (AddedRoute& each : audit_log_routes(reads)) added.push_back(std::move(each));
  for (const AddedRoute& each : added) all.push_back(each.route);
  all.push_back(openapi_route(all, added));
  const auto accesses = std::make_shared<AccessRecorder>(context);
  for (Route& each : all) each.handler = accesses->around(each);
  return all;
}

}  // namespace hansard::http
