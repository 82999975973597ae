// The log itself: GET /v1/events, and the events of one session.
#include <algorithm>

#include "event_body.h"
#include "event_json.h"
#include "families.h"
#include "http/json_out.h"
#include "http/problem.h"
#include "past.h"

namespace hansard::http {

namespace {

using core::Result;

/// Bytes after which a page of events ends, whatever its `limit`.
constexpr std::size_t kPageBytes = 8U << 20;

/// `type=A&type=B` or `type=A,B`.
Result<std::vector<std::string>> types_of(const Query& query) {
  std::vector<std::string> types;
  for (const std::string& list : query.all("type")) {
    for (std::size_t from = 0; from <= list.size();) {
      const std::size_t end = std::min(list.find(',', from), list.size());
      types.push_back(list.substr(from, end - from));
      if (!core::is_event_type(types.back())) {
        return events::bad_field("type", "expected event types like MessageSent");
      }
      from = end + 1;
    }
  }
  return types;
}

/// Where the stream of events begins: `from`, or `last` events before the end.
Result<core::Position> start_of(const Query& query, core::Position end) {
  const auto from = query.number("from");
  if (!from) return from.error();
  const auto last = query.number("last");
  if (!last) return last.error();
  if (*from && *last) return events::bad_field("last", "cannot be given together with from");
  if (*last) return core::Position{end.value - std::min(end.value, **last)};
  return core::Position{from->value_or(0)};
}

Result<Response> stream_events(const Context& context, const Request& request, core::Position end) {
  const auto query =
      Query::of(request, {"from", "last", "limit", "follow", "stream", "at_least"}, {"type"});
  if (!query) return query.error();
  const auto from = start_of(*query, end);
  if (!from) return from.error();
  const auto limit = query->number("limit");
  if (!limit) return limit.error();
  if (*limit && **limit == 0) return events::bad_field("limit", "must be at least 1");
  const auto follow = query->flag("follow");
  if (!follow) return follow.error();
  auto types = types_of(*query);
  if (!types) return types.error();
  EventFilter filter{request.principal.project, *std::move(types), query->text("stream"), *limit};
  if (filter.stream) {
    if (const auto stream = core::StreamId::parse(*filter.stream); !stream) {
      return events::bad_field("stream", stream.error().message);
    }
  }
  Response response;
  response.headers.add("Content-Type", "application/x-ndjson");
  response.headers.add("Hansard-Position", std::to_string(end.value));
  response.stream =
      std::make_unique<EventBody>(context.log, context.blocking, std::move(filter), *from, *follow);
  return response;
}

/// A page of a session's own events: {"stream":..,"events":[..],"next":<version>,"checkpoint":..}.
Result<Response> session_events(const Context& context, const Request& request,
                                core::Position end) {
  const auto query = Query::of(request, {"from", "limit", "as_of", "at_least"}, {"type"});
  if (!query) return query.error();
  const auto stream = session_of(context, request);
  if (!stream) return stream.error();
  const auto from = query->number("from");
  if (!from) return from.error();
  const auto limit = query->count("limit", 200, context.limits[Limit::page_rows]);
  if (!limit) return limit.error();
  const auto types = types_of(*query);
  if (!types) return types.error();
  const auto as_of = as_of_parameter(*query);
  if (!as_of) return as_of.error();

  std::string list;
  std::uint64_t count = 0;
  std::optional<core::Version> next;
  bool past = false;
  const core::Version first{from->value_or(0)};
  const auto read = context.log.read_stream(
      request.principal.project, *stream, first, [&](const core::RecordedEvent& event) {
        past = is_beyond(*as_of, event);
        if (past) return false;
        if (count >= *limit || list.size() >= kPageBytes) {
          next = event.version;
          return false;
        }
        if (types->empty() || std::find(types->begin(), types->end(), event.type) != types->end()) {
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

}  // namespace

std::vector<Route> event_routes(const ReadsPtr& reads) {
  std::vector<Route> all;
  all.push_back(get_route(
      "/v1/events", Scope::read,
      "The log, one event a line (from, last, type, stream, limit, follow)",
      [reads](const RequestPtr& request, const Responder& respond) {
        reads->from_log(request, respond, [&context = reads->context, request](core::Position end) {
          return stream_events(context, *request, end);
        });
      }));
  all.push_back(get_route(
      "/v1/sessions/{id}/events", Scope::read, "Events of one session (from, limit, type, as_of)",
      [reads](const RequestPtr& request, const Responder& respond) {
        reads->from_log(request, respond, [&context = reads->context, request](core::Position end) {
          return session_events(context, *request, end);
        });
      }));
  return all;
}

}  // namespace hansard::http
