#include "engine/gateway_route.h"

#include <array>
#include <string>
#include <string_view>
#include <utility>

#include "events/json.h"
#include "http/problem.h"

namespace hansard::cli {

namespace {

using core::Errc;
using core::Error;
using core::Result;
using http::Method;

/// The bytes of an answer on their way to the client.
class Body final : public http::BodySource {
 public:
  explicit Body(std::unique_ptr<gateway::AnswerBody> body) : body_(std::move(body)) {}
  void next(std::function<void(Result<std::string>)> done) override {
    body_->next(std::move(done));
  }

 private:
  std::unique_ptr<gateway::AnswerBody> body_;
};

/// What a client library shows its user, beside the problem document that says it all.
http::Response refusal(Error error) {
  // Of the provider rather than of ours: RFC 9110, 15.6.3 and 15.6.5.
  const bool upstream = !error.field.empty() && error.code != Errc::not_found;
  const bool late = error.code == Errc::timed_out;
  events::Json told =
      events::Json::Object{{"message", error.message},
                           {"type", "hansard_" + std::string(core::traits(error.code).name)}};
  http::Response response = upstream && (late || error.code == Errc::unavailable)
                                ? http::problem(std::move(error), late ? 504 : 502)
                                : http::problem(std::move(error));
  if (auto document = events::parse_json(response.body); document && document->is_object()) {
    document->add("error", std::move(told));
    response.body = events::dump(*document);
  }
  return response;
}

http::Response to_response(gateway::GatewayAnswer answer) {
  http::Response response;
  response.status = answer.status;
  for (core::HttpField& field : answer.fields) {
    response.headers.add(std::move(field.name), std::move(field.value));
  }
  response.stream_bytes = answer.bytes;
  response.stream = std::make_unique<Body>(std::move(answer.body));
  return response;
}

/// @param prefix_segments  of the path, taken off before it goes on
gateway::GatewayRequest to_request(const http::Request& request, std::string provider,
                                   std::size_t prefix_segments) {
  gateway::GatewayRequest out;
  out.provider = std::move(provider);
  out.method = http::name(request.method);
  std::size_t from = 0;
  for (std::size_t i = 0; i < prefix_segments; ++i) from = request.target.find('/', from + 1);
  out.target = request.target.substr(from);
  for (const auto& [name, value] : request.headers.all()) out.fields.push_back({name, value});
  out.body = request.body;
  out.project = request.principal.project;
  out.actor = request.principal.actor;
  out.received_at = request.received_at;
  return out;
}

http::Handler handler(gateway::Gateway& gateway, std::string provider, std::size_t prefix) {
  return [&gateway, provider = std::move(provider), prefix](const http::RequestPtr& request,
                                                            const http::Responder& respond) {
    std::string name = provider.empty() ? request->param("provider") : provider;
    auto cancel = gateway.call(
        to_request(*request, std::move(name), prefix),
        [respond](Result<gateway::GatewayAnswer> answer) {
          respond(answer ? to_response(*std::move(answer)) : refusal(std::move(answer).error()));
        });
    request->departure->then(std::move(cancel));
  };
}

constexpr http::RouteDoc::Answer kAnswers[] = {{200, "*/*", ""}};

/// A pattern, and how much of its path belongs to us.
struct Prefix {
  std::string_view pattern;
  std::string_view provider;  ///< empty: the path names it
  std::size_t segments;
};
constexpr std::array<Prefix, 4> kPrefixes{{{"/openai/{rest...}", "openai", 1},
                                           {"/anthropic/{rest...}", "anthropic", 1},
                                           {"/ollama/{rest...}", "ollama", 1},
                                           {"/p/{provider}/{rest...}", "", 2}}};
constexpr std::array<Prefix, 6> kBare{{{"/v1/chat/completions", "openai", 0},
                                       {"/v1/responses", "openai", 0},
                                       {"/v1/embeddings", "openai", 0},
                                       {"/v1/messages", "anthropic", 0},
                                       {"/api/chat", "ollama", 0},
                                       {"/api/generate", "ollama", 0}}};
constexpr std::array<Method, 4> kMethods{Method::get, Method::post, Method::put, Method::del};

http::AddedRoute route(gateway::Gateway& gateway, Method method, const Prefix& prefix) {
  http::Route route(method, std::string(prefix.pattern),
                    http::Rule{http::Scope::write, http::Access::none});
  route.runs = http::Runs::loop;
  route.takes = http::Takes::anything;
  route.doc = prefix.provider.empty() ? "Call a configured provider, and record it"
                                      : "Call " + std::string(prefix.provider) +
                                            " as it is called directly, and record it";
  route.handler = handler(gateway, std::string(prefix.provider), prefix.segments);
  route.waits = true;
  const http::RouteDoc doc{method, prefix.pattern, "",
                           "Hansard-Session Hansard-User Hansard-Agent Hansard-Prompt "
                           "Hansard-Variables Hansard-Experiment",
                           kAnswers};
  return {std::move(route), doc, "", {}};
}

}  // namespace

std::vector<http::AddedRoute> gateway_routes(gateway::Gateway& gateway) {
  std::vector<http::AddedRoute> routes;
  for (const Prefix& prefix : kPrefixes) {
    for (const Method method : kMethods) routes.push_back(route(gateway, method, prefix));
  }
  for (const Prefix& bare : kBare) routes.push_back(route(gateway, Method::post, bare));
  return routes;
}

}  // namespace hansard::cli
