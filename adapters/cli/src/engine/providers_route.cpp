#include "engine/providers_route.h"

#include <string>
#include <utility>
#include <vector>

#include "events/json.h"
#include "http/problem.h"

namespace hansard::cli {

namespace {

using events::Json;
using http::MemberDoc;
using http::SchemaDoc;

Json to_json(const providers::ProviderStatus& status) {
  Json out;
  out.add("name", status.name);
  out.add("dialect", status.dialect);
  out.add("base_url", status.base_url);
  out.add("key", status.key_configured         ? "configured"
                 : !status.key_missing.empty() ? "missing"
                                               : "of the client");
  if (!status.key_missing.empty()) out.add("key_env", status.key_missing);
  out.add("calls_active", status.calls_active);
  out.add("connections_open", status.connections_open);
  out.add("connections_idle", status.connections_idle);
  out.add("calls", status.calls);
  out.add("succeeded", status.succeeded);
  out.add("cancelled", status.cancelled);
  Json failures = Json::Object{};
  for (const auto& [where, count] : status.failures) failures.add(where, count);
  out.add("failures", std::move(failures));
  if (status.last_success) out.add("last_success_at", core::format_time(*status.last_success));
  if (status.last_error) {
    Json error;
    error.add("code", core::traits(status.last_error->error.code).name);
    error.add("where", status.last_error->error.field);
    error.add("detail", status.last_error->error.message);
    error.add("at", core::format_time(status.last_error->at));
    out.add("last_error", std::move(error));
  }
  return out;
}

Json of(const std::string& provider, const std::vector<gateway::BreakerStatus>& breakers) {
  Json list(Json::Array{});
  for (const gateway::BreakerStatus& breaker : breakers) {
    if (breaker.provider != provider) continue;
    Json told;
    told.add("route", breaker.route);
    told.add("state", breaker.state == gateway::BreakerState::open        ? "open"
                      : breaker.state == gateway::BreakerState::half_open ? "half_open"
                                                                          : "closed");
    told.add("opened", breaker.opened);
    told.add("requests", breaker.requests);
    told.add("failures", breaker.failures);
    list.push(std::move(told));
  }
  return list;
}

constexpr MemberDoc kBreaker[] = {
    {"route", "text", "Whose rules it keeps."},
    {"state", "open|half_open|closed", "Whether calls pass; half open, one at a time."},
    {"opened", "count", "Times since the start."},
    {"requests", "count", "Calls judged within its window."},
    {"failures", "count", "Of them, those that failed."},
};
constexpr MemberDoc kError[] = {
    {"code", "Code", "What kind of error it was."},
    {"where", "text", "connect, tls, first_byte, idle, total, reset, truncated or protocol."},
    {"detail", "text", "What happened, without secrets."},
    {"at", "text", "When."},
};
constexpr MemberDoc kProvider[] = {
    {"name", "text", "As in the configuration, and in /p/{provider}/..."},
    {"dialect", "text", "Whose API it speaks."},
    {"base_url", "text", "Where calls go; `script:` of one that follows a script."},
    {"key", "configured|missing|of the client", "Whose key calls carry."},
    {"key_env?", "text", "The environment variable that should hold the key and does not."},
    {"calls_active", "count", "Calls under way."},
    {"connections_open", "count", "Connections, idle ones included."},
    {"connections_idle", "count", "Connections kept for the next call."},
    {"calls", "count", "Calls since the start."},
    {"succeeded", "count", "Answers that came whole, whatever their status."},
    {"cancelled", "count", "Calls whose client went."},
    {"failures", "map of count", "Calls that failed, by where."},
    {"last_success_at?", "text", "When an answer last came whole."},
    {"last_error?", "ProviderError", "The last failure."},
    {"breakers", "list of Breaker", "Of the routes that may call it and have rules for that."},
};
constexpr MemberDoc kProviders[] = {
    {"providers", "list of Provider", "By name."},
};
constexpr SchemaDoc kSchemas[] = {
    {"Breaker", "Whether a route sends calls to a provider.", kBreaker},
    {"ProviderError", "Why a call to a provider failed.", kError},
    {"Provider", "Where calls go, and how that is going.", kProvider},
    {"Providers", "Every configured provider.", kProviders},
};
constexpr http::RouteDoc::Answer kAnswers[] = {{200, "application/json", "Providers"}};

}  // namespace

http::AddedRoute providers_route(const Models& models, const gateway::Gateway& gateway) {
  http::Route route(http::Method::get, "/v1/providers",
                    http::Rule{http::Scope::read, http::Access::none});
  route.runs = http::Runs::loop;
  route.doc = "Where calls to models go, and how that is going";
  route.handler = [&models, &gateway](const http::RequestPtr& /*request*/,
                                      const http::Responder& respond) {
    Json list(Json::Array{});
    const auto breakers = gateway.breakers();
    for (const providers::ProviderStatus& status : models.status()) {
      Json provider = to_json(status);
      provider.add("breakers", of(status.name, breakers));
      list.push(std::move(provider));
    }
    Json answer;
    answer.add("providers", std::move(list));
    respond(http::json_response(200, dump(answer)));
  };
  const http::RouteDoc doc{route.method, "/v1/providers", "", "", kAnswers};
  return {std::move(route), doc, "", kSchemas};
}

}  // namespace hansard::cli
