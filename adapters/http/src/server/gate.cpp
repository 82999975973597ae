#include "http/gate.h"

#include <algorithm>

#include "http/malformed.h"
#include "http/problem.h"
#include "http/target.h"
#include "server/content_coding.h"

namespace hansard::http {

namespace {

using core::Errc;

Admission refuse(Response response) {
  Admission admission;
  admission.refusal = std::move(response);
  return admission;
}

bool is_port(std::string_view text) {
  return !text.empty() && text.size() <= 5 &&
         std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

/// `127.x.y.z`, digits and dots only: a name such as `127.0.0.1.example.org` is not an address.
bool is_loopback_v4(std::string_view host) {
  return host.substr(0, 4) == "127." && std::count(host.begin(), host.end(), '.') == 3 &&
         std::all_of(host.begin(), host.end(),
                     [](char c) { return (c >= '0' && c <= '9') || c == '.'; });
}

/// The key a client sent in a header: ours begin with `hsd_`; anything else is meant for a
/// provider.
std::optional<std::string> header_key(const Headers& headers) {
  if (const auto own = headers.find("Hansard-Key")) return std::string(*own);
  if (const auto authorization = headers.find("Authorization")) {
    const std::size_t space = std::min(authorization->find(' '), authorization->size());
    if (same_token(authorization->substr(0, space), "Bearer")) {
      std::string_view token = authorization->substr(std::min(space + 1, authorization->size()));
      if (token.substr(0, 4) == "hsd_") return std::string(token);
    }
  }
  if (const auto api_key = headers.find("x-api-key")) {
    if (api_key->substr(0, 4) == "hsd_") return std::string(*api_key);
  }
  return std::nullopt;
}

/// A content type without its parameters.
std::string_view media_type(std::string_view content_type) {
  std::string_view type = content_type.substr(0, content_type.find(';'));
  while (!type.empty() && (type.back() == ' ' || type.back() == '\t')) type.remove_suffix(1);
  return type;
}

}  // namespace

bool is_loopback_host(std::string_view host) {
  if (host.substr(0, 5) == "[::1]") {
    host.remove_prefix(5);
    return host.empty() || (host.front() == ':' && is_port(host.substr(1)));
  }
  const std::size_t colon = host.find(':');
  if (colon != std::string_view::npos) {
    if (!is_port(host.substr(colon + 1))) return false;
    host = host.substr(0, colon);
  }
  return same_token(host, "localhost") || is_loopback_v4(host);
}

bool is_lines_type(std::string_view content_type) {
  const std::string_view type = media_type(content_type);
  for (const std::string_view known : {"application/x-ndjson", "application/ndjson",
                                       "application/jsonl", "application/x-jsonlines"}) {
    if (same_token(type, known)) return true;
  }
  return false;
}

bool is_json_type(std::string_view content_type) {
  const std::string_view type = media_type(content_type);
  if (same_token(type, "application/json")) return true;
  constexpr std::string_view kSuffix = "+json";
  return type.size() > kSuffix.size() && same_token(type.substr(0, 12), "application/") &&
         same_token(type.substr(type.size() - kSuffix.size()), kSuffix);
}

Gate::Gate(const Router& router, const KeyRing& keys, const Limits& limits,
           core::ProjectId default_project)
    : router_(router),
      keys_(keys),
      limits_(limits),
      default_project_(std::move(default_project)),
      failures_(limits[Limit::key_failures_per_minute]) {}

Admission Gate::admit(Request& request, bool has_body) {
  if (request.target.size() > limits_[Limit::target_bytes]) {
    core::Error error = limit_error(limits_, Limit::target_bytes);
    error.field = "target";
    Admission admission = refuse(problem(std::move(error), row(Limit::target_bytes).status));
    admission.limit = Limit::target_bytes;
    return admission;
  }
  auto target = parse_target(request.target);
  if (!target) {
    count_malformed(Malformed::target);
    return refuse(problem(std::move(target.error())));
  }
  if (request.headers.count("Host") != 1) {
    count_malformed(Malformed::host);
    return refuse(problem({Errc::invalid_argument, "exactly one Host header is needed", "Host"}));
  }
  if (auto foreign = check_loopback(request)) return refuse(*std::move(foreign));

  std::optional<std::string> path_key;
  auto& segments = target->segments;
  if (segments.size() >= 2 && segments[0] == "k") {
    path_key = segments[1];
    segments.erase(segments.begin(), segments.begin() + 2);
    if (segments.size() == 1 && segments[0].empty()) segments.clear();  // `/k/<key>/` is the root
    // Without the key, which must not reach a log or another server.
    const std::size_t after_key = request.target.find('/', 3);
    request.target = after_key == std::string::npos ? "/" : request.target.substr(after_key);
  }
  Router::Match match = router_.match(request.method, segments);
  if (match.route == nullptr && match.allowed.empty()) {
    return refuse(problem({Errc::not_found, "no such path", "target"}));
  }
  if (match.route == nullptr) {
    Response response = problem(
        {Errc::unsupported,
         "this path has no method " + std::string(name(request.method)) + ", only " + match.allowed,
         "method"},
        405);
    response.headers.add("Allow", std::move(match.allowed));
    return refuse(std::move(response));
  }
  const Route& route = *match.route;
  Admission admitted{&route, {}, {}};
  if (auto foreign = check_page(request, route)) {
    admitted.refusal = std::move(foreign);
    return admitted;
  }
  request.segments = std::move(segments);
  request.query = std::move(target->query);
  request.params = std::move(match.params);

  std::optional<KeyFault> fault;
  auto identified = identify(request, path_key, fault);
  if (!identified && (route.rule.scope || identified.error().code != Errc::unauthenticated)) {
    admitted.key_fault = fault;
    admitted.refusal = refuse_key(request, std::move(identified.error()), admitted);
    return admitted;
  }
  if (route.rule.scope && !request.principal.scopes.has(*route.rule.scope)) {
    admitted.refusal =
        problem({Errc::forbidden, "this needs the scope " + std::string(name(*route.rule.scope))});
    return admitted;
  }
  if (route.method != Method::get && !route.about_log &&
      request.principal.project.text().front() == '_') {
    admitted.refusal = problem({Errc::forbidden, "project " + request.principal.project.text() +
                                                     " is reserved for facts about the whole log"});
    return admitted;
  }
  if (has_body) admitted.refusal = check_body(request, route);
  return admitted;
}

std::optional<Response> Gate::check_loopback(const Request& request) const {
  if (!keys_.empty() || request.local) return std::nullopt;
  const std::string_view host = *request.headers.find("Host");
  if (!is_loopback_host(host)) {
    return problem({Errc::forbidden,
                    "without keys only loopback is served, and this Host is another; configure a "
                    "key to serve other names",
                    "Host"});
  }
  for (const auto& [field, value] : request.headers.all()) {
    const std::string own = (request.secure ? "https://" : "http://") + std::string(host);
    if (same_token(field, "Origin") && !same_token(value, own)) {
      return problem({Errc::forbidden,
                      "without keys only pages of this server itself may send requests", "Origin"});
    }
  }
  return std::nullopt;
}

/// Requests that a page makes without saying its origin (images, links): browsers say what they are
/// made for. Going here by a link is fine, unless that alone would call a model's provider.
std::optional<Response> Gate::check_page(const Request& request, const Route& route) const {
  if (!keys_.empty() || request.local) return std::nullopt;
  const std::string_view site = request.headers.find("Sec-Fetch-Site").value_or("none");
  if (same_token(site, "none") || same_token(site, "same-origin")) return std::nullopt;
  const std::string_view mode = request.headers.find("Sec-Fetch-Mode").value_or("");
  const bool by_link = same_token(mode, "navigate") && request.method == Method::get;
  if (by_link && route.takes != Takes::anything) return std::nullopt;
  return problem({Errc::forbidden,
                  "without keys only pages of this server itself may send requests",
                  "Sec-Fetch-Site"});
}

core::Status Gate::identify(Request& request, const std::optional<std::string>& path_key,
                            std::optional<KeyFault>& fault) const {
  const auto asked = request.headers.find("Hansard-Project");
  std::optional<core::ProjectId> project;
  if (asked) {
    auto parsed = core::ProjectId::parse(*asked);
    if (!parsed) {
      return core::Error{Errc::invalid_argument, parsed.error().message, "Hansard-Project"};
    }
    project = *std::move(parsed);
  }
  // Before the question whether keys are needed: the first key may come right now.
  auto keyless = keys_.keyless();
  if (keys_.empty() || request.local) {
    request.principal.project = project.value_or(default_project_);
    request.principal.scopes = Scopes::all();
    if (!request.local) request.hold = std::move(keyless);
    return core::Ok{};
  }
  const auto key = path_key ? path_key : header_key(request.headers);
  if (!key) {
    return core::Error{Errc::unauthenticated,
                       "a key is needed: header Hansard-Key, or Authorization: Bearer hsd_..."};
  }
  KeyRing::Found found = keys_.find(*key, request.received_at);
  if (!found.hold) {
    fault = found.fault;
    const bool was_good = found.fault == KeyFault::expired || found.fault == KeyFault::revoked;
    return core::Error{Errc::unauthenticated,
                       was_good ? "the key is " + std::string(name(found.fault)) : "unknown key"};
  }
  if (project && *project != found.hold->principal.project) {
    return core::Error{Errc::forbidden, "this key belongs to another project", "Hansard-Project"};
  }
  request.principal = found.hold->principal;
  request.hold = std::move(found.hold);
  return core::Ok{};
}

Response Gate::refuse_key(const Request& request, core::Error error, Admission& admission) {
  if (!admission.key_fault) return problem(std::move(error));
  const std::uint64_t wait = failures_.failed(request.peer, request.received_at);
  if (wait == 0) return problem(std::move(error));
  admission.limit = Limit::key_failures_per_minute;
  Response response = problem(limit_error(limits_, Limit::key_failures_per_minute),
                              row(Limit::key_failures_per_minute).status);
  response.headers.set("Retry-After", std::to_string(wait));
  response.close = true;  // a connection for every further guess
  return response;
}

std::optional<Response> Gate::check_body(const Request& request, const Route& route) const {
  if (route.takes == Takes::nothing) {
    return problem({Errc::invalid_argument, "this route takes no body", "body"});
  }
  if (route.takes == Takes::anything) return std::nullopt;
  const auto type = request.headers.find("Content-Type");
  const bool lines = route.takes == Takes::lines;
  if (lines && (!type || !(is_lines_type(*type) || is_json_type(*type)))) {
    return problem(
        {Errc::invalid_argument, "send Content-Type: application/x-ndjson", "Content-Type"}, 415);
  }
  if (!lines && (!type || !is_json_type(*type))) {
    return problem({Errc::invalid_argument, "send Content-Type: application/json", "Content-Type"},
                   415);
  }
  const auto coding = request.headers.find("Content-Encoding");
  if (coding && !is_identity(*coding) && make_expander(*coding) == nullptr) {
    Response response = problem(
        {Errc::invalid_argument, "bodies are taken plain, or as gzip or zstd", "Content-Encoding"},
        415);
    response.headers.add("Accept-Encoding", "gzip, zstd");  // RFC 9110 §15.5.16
    return response;
  }
  return std::nullopt;
}

}  // namespace hansard::http
