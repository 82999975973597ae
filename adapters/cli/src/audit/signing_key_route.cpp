#include "audit/signing_key_route.h"

#include <utility>

#include "events/json.h"
#include "http/problem.h"

namespace hansard::cli {
namespace {

using http::MemberDoc;
using http::SchemaDoc;

constexpr MemberDoc kRotated[] = {
    {"old_vkey", "text", "The key that signed until now."},
    {"vkey", "text", "The key that signs from now on."},
    {"position", "Position", "Of the event SigningKeyRotated in project _log."},
};
constexpr SchemaDoc kSchemas[] = {
    {"SigningKeyChange", "Another key signs for the log.", kRotated},
};
constexpr http::RouteDoc::Answer kAnswers[] = {{201, "application/json", "SigningKeyChange"}};

}  // namespace

http::AddedRoute signing_key_route(SigningKeyPorts ports) {
  constexpr std::string_view kPattern = "/v1/admin/signing-key/rotate";
  http::Route route(http::Method::post, std::string(kPattern),
                    http::Rule{http::Scope::admin, http::Access::none});
  route.runs = http::Runs::pool;
  route.takes = http::Takes::json;
  route.about_log = true;
  route.doc = "Another key signs for the log from now on; the old one says so, on record";
  route.handler = [ports = std::move(ports)](const http::RequestPtr& request,
                                             const http::Responder& respond) {
    if (!request->principal.sees_all_projects()) {
      return respond(http::problem({core::Errc::forbidden,
                                    "the key signs for all projects: changing it is for the unix "
                                    "socket, and for keys of project _log"}));
    }
    const auto rotated = ports.notary.rotate(ports.clock, request->principal.actor);
    if (!rotated) return respond(http::problem(rotated.error()));
    ports.rotated();
    events::Json json;
    json.add("old_vkey", events::audit::to_text(ports.hasher, rotated->old_key));
    json.add("vkey", events::audit::to_text(ports.hasher, rotated->new_key));
    json.add("position", rotated->receipt.position.value);
    respond(http::json_response(201, dump(json)));
  };
  const http::RouteDoc doc{route.method, kPattern, "", "", kAnswers};
  return {std::move(route), doc, "", kSchemas};
}

}  // namespace hansard::cli
