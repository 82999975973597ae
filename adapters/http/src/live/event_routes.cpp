// The log itself: GET /v1/events, and the events of one session.
#include "families.h"
#include "http/json_out.h"
#include "http/problem.h"
#include "live/live_body.h"
#include "live/live_channel.h"
#include "shared/event_body.h"
#include "shared/event_json.h"
#include "shared/event_query.h"
#include "shared/past.h"

namespace hansard::http {

namespace {

using core::Result;
using LiveHubPtr = std::shared_ptr<LiveHub>;

/// Bytes after which a page of events ends, whatever its `limit`.
constexpr std::size_t kPageBytes = 8U << 20;

/// The log from `from` on: to `end` as one event a line, or followed where there is none, as
/// frames.
Result<Response> body_of(const LiveHubPtr& hub, const Request& request, EventFilter filter,
                         core::Position from, std::optional<core::Position> end) {
  const Context& context = hub->context;
  Response response;
  const bool follow = !end;
  const bool sse = follow && accepts_sse(request.headers.find("Accept").value_or(""));
  response.headers.add("Content-Type", sse ? "text/event-stream" : "application/x-ndjson");
  if (follow) {
    response.stream = std::make_unique<LiveBody>(hub, std::move(filter), from,
                                                 sse ? LiveForm::sse : LiveForm::ndjson);
  } else {
    response.stream =
        std::make_unique<EventBody>(context.log, context.blocking, std::move(filter), from, *end);
  }
  return response;
}

Result<Response> stream_events(const LiveHubPtr& hub, const Request& request, core::Position end) {
  const auto query = Query::of(request, {"from", "last", "limit", "follow", "stream", "at_least"},
                               {"type", "session"});
  if (!query) return query.error();
  const auto from = start_of(request, *query, end, core::Position{});
  if (!from) return from.error();
  const auto follow = query->flag("follow");
  if (!follow) return follow.error();
  auto filter = filter_of(hub->context, request.principal.project, *query);
  if (!filter) return filter.error();
  auto response =
      body_of(hub, request, *std::move(filter), *from, *follow ? std::nullopt : std::optional(end));
  if (response) response->headers.add("Hansard-Position", std::to_string(end.value));
  return response;
}

/// The events of one session, past and future: `from` is a version here.
Result<Response> follow_session(const LiveHubPtr& hub, const Request& request, core::Position end) {
  const Context& context = hub->context;
  const auto query = Query::of(request, {"from", "limit", "follow", "at_least"}, {"type"});
  if (!query) return query.error();
  if (const auto follow = query->flag("follow"); !follow) return follow.error();
  const auto stream = session_of(context, request);
  if (!stream) return stream.error();
  auto filter = filter_of(context, request.principal.project, *query);
  if (!filter) return filter.error();
  filter->streams = {stream->text()};
  const auto head = context.log.head(request.principal.project, *stream);
  if (!head) return head.error();
  if (!*head) return core::Error{core::Errc::not_found, "no such session", "id"};
  const auto resume = after_last_event_id(request);
  if (!resume) return resume.error();
  const bool from_head = query->text("from") == "head";
  const auto from =
      from_head ? Result<std::optional<std::uint64_t>>((*head)->value + 1) : query->number("from");
  if (!from) return events::bad_field("from", "expected a version, or head");
  core::Position start = end;  // of a version that is still to come
  if (*resume) {
    start = core::Position{**resume};
  } else {
    const auto found = context.log.read_stream(request.principal.project, *stream,
                                               core::Version{from->value_or(0)},
                                               [&](const core::RecordedEvent& event) {
                                                 start = event.position;
                                                 return false;
                                               });
    if (!found) return found.error();
  }
  auto response = body_of(hub, request, *std::move(filter), start, std::nullopt);
  if (response) response->headers.add("Hansard-Position", std::to_string(end.value));
  return response;
}

/// A page of a session's own events: {"stream":..,"events":[..],"next":<version>,"checkpoint":..}.
Result<Response> session_events(const Context& context, const Request& request,
                                core::Position end) {
  const auto query = Query::of(request, {"from", "limit", "as_of", "follow", "at_least"}, {"type"});
  if (!query) return query.error();
  const auto stream = session_of(context, request);
  if (!stream) return stream.error();
  const auto from = query->number("from");
  if (!from) return from.error();
  const auto limit = query->count("limit", 200, context.limits[Limit::page_rows]);
  if (!limit) return limit.error();
  const auto filter = filter_of(context, request.principal.project, *query);
  if (!filter) return filter.error();
  const auto as_of = as_of_parameter(*query);
  if (!as_of) return as_of.error();

  std::string list;
  std::uint64_t count = 0;
  std::optional<core::Version> next;
  bool past = false;
  const core::Version first{from->value_or(0)};
  const auto read = context.log.read_stream(request.principal.project, *stream, first,
                                            [&](const core::RecordedEvent& event) {
                                              past = is_beyond(*as_of, event);
                                              if (past) return false;
                                              if (count >= *limit || list.size() >= kPageBytes) {
                                                next = event.version;
                                                return false;
                                              }
                                              if (filter->wants(event)) {
                                                if (count > 0) list.push_back(',');
                                                append_event_json(event, list);
                                                ++count;
                                              }
                                              return true;
                                            });
  if (!read) return read.error();
  if (count == 0 && !next && (past || read->value == 0)) {
    const auto head = context.log.head(request.principal.project, *stream);
    if (!head) return head.error();
    if (!*head || (past && first.value == 0)) {
      return core::Error{core::Errc::not_found, "no such session, or not yet then", "id"};
    }
  }
  JsonOut json;
  json.object().member("stream", stream->text()).key("events").raw("[" + list + "]");
  if (next) json.member("next", next->value);
  json.member("checkpoint", end.value).end_object();
  Response response = json_response(200, json.take());
  response.headers.add("Hansard-Position", std::to_string(end.value));
  return response;
}

/// Anything but a plain no; `follow_session` judges the rest.
bool asks_to_follow(const Request& request) {
  const auto follow = request.parameter("follow");
  return follow && *follow != "false" && *follow != "0";
}

}  // namespace

std::vector<Route> event_routes(const ReadsPtr& reads) {
  const auto hub = std::make_shared<LiveHub>(reads->context);
  std::vector<Route> all;
  all.push_back(get_route("/v1/events", Rule{Scope::read, Access::content},
                          "The log, one event a line; followed, one frame a line or as server-sent "
                          "events (from, last, type, session, stream, limit, follow)",
                          [reads, hub](const RequestPtr& request, const Responder& respond) {
                            reads->from_log(request, respond, [hub, request](core::Position end) {
                              return stream_events(hub, *request, end);
                            });
                          }));
  all.push_back(get_route("/v1/sessions/{id}/events", Rule{Scope::read, Access::content},
                          "Events of one session (from, limit, type, as_of; or follow)",
                          [reads, hub](const RequestPtr& request, const Responder& respond) {
                            reads->from_log(request, respond, [hub, request](core::Position end) {
                              return asks_to_follow(*request)
                                         ? follow_session(hub, *request, end)
                                         : session_events(hub->context, *request, end);
                            });
                          }));
  Route live = get_route("/v1/live", Rule{Scope::read, Access::content},
                         "The followed log as a WebSocket: subscribe by message or by query (from, "
                         "last, type, session, stream, limit)",
                         [reads, hub](const RequestPtr& request, const Responder& respond) {
                           reads->from_log(request, respond, [hub, request](core::Position end) {
                             return open_live(hub, *request, end);
                           });
                         });
  // It reads nothing itself: after a restart everybody comes back at once, and the pool's bound is
  // not for them.
  live.runs = Runs::loop;
  all.push_back(std::move(live));
  return all;
}

}  // namespace hansard::http
