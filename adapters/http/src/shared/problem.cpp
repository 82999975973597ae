#include "http/problem.h"

#include "http/json_out.h"

namespace hansard::http {

namespace {

/// Seconds after which trying again may help; nothing where it cannot.
std::optional<int> retry_after(core::Errc code) {
  switch (code) {
    case core::Errc::overloaded:
      return 1;  // a full queue drains in milliseconds; a second spreads the herd
    case core::Errc::unavailable:
      return 2;  // the store reopens after a failed commit
    case core::Errc::out_of_space:
      return 30;  // someone has to make room
    default:
      return std::nullopt;
  }
}

}  // namespace

Response json_response(int status, std::string body) {
  Response response;
  response.status = status;
  response.headers.add("Content-Type", "application/json");
  response.body = std::move(body);
  response.body.push_back('\n');
  return response;
}

Response problem(core::Error error, std::optional<int> status) {
  const core::ErrorTraits& traits = core::traits(error.code);
  const int number = status.value_or(traits.http_status);
  JsonOut json;
  json.object()
      .member("type", "urn:hansard:error:" + std::string(traits.name))
      .member("title", traits.title)
      .member("status", static_cast<std::uint64_t>(number))
      .member("detail", error.message)
      .member("code", traits.name);
  if (!error.field.empty()) json.member("field", error.field);
  if (!error.violations.empty()) {
    json.key("violations").array();
    for (const core::Violation& violation : error.violations) {
      json.object()
          .member("stream", violation.stream)
          .member("expected", violation.expected)
          .member("actual", violation.actual)
          .end_object();
    }
    json.end_array();
  }
  json.end_object();
  Response response = json_response(number, json.take());
  response.headers.set("Content-Type", "application/problem+json");
  if (const auto seconds = retry_after(error.code)) {
    response.headers.add("Retry-After", std::to_string(*seconds));
  }
  if (error.code == core::Errc::unauthenticated) {
    response.headers.add("WWW-Authenticate", "Bearer realm=\"hansard\"");
  }
  response.error = std::move(error);
  return response;
}

}  // namespace hansard::http
