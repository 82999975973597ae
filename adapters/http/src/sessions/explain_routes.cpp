// What changed, why an answer came to be, which branches there are.
#include "events/session/ids.h"
#include "families.h"
#include "projections/diff.h"
#include "projections/forks.h"
#include "projections/json.h"
#include "projections/why.h"
#include "shared/past.h"

namespace hansard::http {

namespace {

using core::Result;
using projections::AsOf;
using projections::SessionReader;

/// A moment of one of two sides; errors name `field`.
Result<AsOf> moment(const Query& query, std::string_view field) {
  const auto text = query.text(field);
  if (!text) return AsOf::head();
  const auto parsed = parse_moment(*text);
  if (!parsed) return events::bad_field(field, "expected a version, a position or a time");
  return *parsed;
}

/// As `history`, with the error about the moment naming `field`.
Result<projections::History> side(const Context& context, const core::ProjectId& project,
                                  const core::StreamId& stream, AsOf as_of,
                                  std::string_view field) {
  auto history = SessionReader(context.log).history(project, stream, as_of);
  if (!history && history.error().field == "as_of") history.error().field = field;
  return history;
}

Result<Response> diff(const Context& context, const Request& request, core::Position end) {
  const auto query = Query::of(request, {"from", "to", "to_session", "at_least"});
  if (!query) return query.error();
  const auto stream = session_of(context, request);
  if (!stream) return stream.error();
  const auto from = moment(*query, "from");
  if (!from) return from.error();
  const auto to = moment(*query, "to");
  if (!to) return to.error();
  core::StreamId other = *stream;
  if (const auto named = query->text("to_session")) {
    auto parsed = events::session_stream(request.principal.project, *named, context.keyed_hash);
    if (!parsed) return events::bad_field("to_session", parsed.error().message);
    other = *std::move(parsed);
  } else if (!query->text("from")) {
    return events::bad_field("from", "say which version to compare with, or another to_session");
  }
  auto before = side(context, request.principal.project, *stream, *from, "from");
  if (!before) return before.error();
  auto after = side(context, request.principal.project, other, *to, "to");
  if (!after) return after.error();
  const auto found = projections::diff(*std::move(before), *std::move(after));
  return answer_with(context, projections::to_json(found), end);
}

Result<Response> why(const Context& context, const Request& request, core::Position end) {
  const auto query = Query::of(request, {"call", "message", "at_least"});
  if (!query) return query.error();
  const auto stream = session_of(context, request);
  if (!stream) return stream.error();
  auto call = query->text("call");
  const auto message = query->text("message");
  if (call.has_value() == message.has_value()) {
    return events::bad_field("call", "name the answer by call=<call_id> or message=<message_id>");
  }
  const SessionReader reader(context.log);
  if (message) {
    const auto found =
        projections::call_of_message(reader, request.principal.project, *stream, *message);
    if (!found) return found.error();
    call = *found;
  }
  auto found = projections::explain_call(reader, request.principal.project, *stream, *call);
  if (!found) return found.error();
  if (const auto* asked = found->request(); asked != nullptr && asked->variant) {
    auto variant =
        projections::explain_variant(context.log, request.principal.project, *asked->variant);
    if (!variant) return variant.error();
    found->variant = *std::move(variant);
  }
  return answer_with(context, projections::to_json(*found), end);
}

Result<Response> forks(const Context& context, const Request& request, core::Position end) {
  const auto query = Query::of(request, {"at_least"});
  if (!query) return query.error();
  const auto stream = session_of(context, request);
  if (!stream) return stream.error();
  const auto tree = projections::read_forks(context.log, request.principal.project, *stream);
  if (!tree) return tree.error();
  return answer_with(context, projections::to_json(*tree), end);
}

using Answer = Result<Response> (*)(const Context&, const Request&, core::Position);

Route route(const ReadsPtr& reads, const char* pattern, const char* doc, Answer answer) {
  return get_route(pattern, Rule{Scope::read, Access::content}, doc,
                   [reads, answer](const RequestPtr& request, const Responder& respond) {
                     reads->from_log(
                         request, respond,
                         [&context = reads->context, request, answer](core::Position end) {
                           return answer(context, *request, end);
                         });
                   });
}

}  // namespace

std::vector<Route> explain_routes(const ReadsPtr& reads) {
  std::vector<Route> all;
  all.push_back(route(reads, "/v1/sessions/{id}/diff",
                      "What changed between two moments, or from a fork's parent to the fork "
                      "(from, to, to_session)",
                      diff));
  all.push_back(
      route(reads, "/v1/sessions/{id}/why",
            "How one answer came to be: window, settings, policies, attempts, and what is "
            "not known (call or message)",
            why));
  all.push_back(route(reads, "/v1/sessions/{id}/forks",
                      "The tree of forks that a session belongs to", forks));
  return all;
}

}  // namespace hansard::http
