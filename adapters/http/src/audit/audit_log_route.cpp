// GET /v1/audit/log: who did what, by the headers of events.
#include <algorithm>
#include <set>
#include <utility>

#include "access/audit_log.h"
#include "events/session/ids.h"
#include "families.h"
#include "http/problem.h"
#include "shared/query.h"

namespace hansard::http {

namespace {

using core::Result;
using events::Json;

/// What a page is made of.
struct Wanted {
  core::ProjectId project;
  std::optional<std::set<core::KeyId>> actors;
  std::set<std::string, std::less<>> types;
  std::optional<core::StreamId> stream;
  std::optional<core::EventId> correlation;
  core::Position from;
  std::optional<core::Timestamp> to;  ///< not included
  std::uint64_t limit = 100;

  [[nodiscard]] bool wants(const core::RecordedEvent& event) const {
    return event.project == project.text() && (!actors || actors->contains(event.actor)) &&
           (types.empty() || types.contains(event.type)) &&
           (!correlation || event.correlation == *correlation || event.id == *correlation);
  }
};

/// By id, by name (all keys that ever had it), or `none`.
Result<std::set<core::KeyId>> actors_of(const std::string& text, const KeyNames& names) {
  std::set<core::KeyId> found;
  if (text == "none") {
    found.insert(core::KeyId{});
    return found;
  }
  if (const auto id = core::parse_uuid(text)) {
    core::KeyId key;
    static_cast<core::Uuid&>(key) = *id;
    found.insert(key);
    return found;
  }
  for (const auto& [id, name] : names) {
    if (name == text) found.insert(id);
  }
  if (found.empty()) {
    return events::bad_field(
        "actor", "no key of this project has the name " + text + "; an id, a name, or none");
  }
  return found;
}

Result<Wanted> wanted_of(const Context& context, const Request& request, const Query& query,
                         const KeyNames& names) {
  Wanted wanted;
  wanted.project = request.principal.project;
  if (const auto actor = query.text("actor")) {
    auto actors = actors_of(*actor, names);
    if (!actors) return std::move(actors.error());
    wanted.actors = *std::move(actors);
  }
  for (const std::string& type : query.all("type")) {
    if (!core::is_event_type(type)) {
      return events::bad_field("type", "expected a name like MessageSent");
    }
    wanted.types.insert(type);
  }
  if (const auto session = query.text("session")) {
    auto stream = events::session_stream(wanted.project, *session, context.keyed_hash);
    if (!stream) return events::bad_field("session", stream.error().message);
    wanted.stream = *std::move(stream);
  }
  if (const auto text = query.text("correlation")) {
    const auto id = core::parse_uuid(*text);
    if (!id) return events::bad_field("correlation", "expected the id of an event");
    static_cast<core::Uuid&>(wanted.correlation.emplace()) = *id;
  }
  const auto limit = query.count("limit", wanted.limit, kAuditPage);
  if (!limit) return limit.error();
  wanted.limit = *limit;
  const auto to = query.time("to");
  if (!to) return to.error();
  wanted.to = *to;
  const auto from = query.time("from");
  if (!from) return from.error();
  if (*from) {
    const auto position = position_at(context.log, **from);
    if (!position) return position.error();
    wanted.from = *position;
  }
  const auto cursor = query.number("cursor");
  if (!cursor) return cursor.error();
  if (*cursor) wanted.from = std::max(wanted.from, core::Position{**cursor});
  return wanted;
}

struct Page {
  std::vector<Json> events;
  std::optional<core::Position> next;
};

/// Reads on until the page is full, the work is enough for one answer, or the end.
Result<Page> page_of(const Context& context, const Wanted& wanted, const Request& request,
                     core::Position end, const KeyNames& names) {
  Page page;
  std::uint64_t seen = 0;
  const auto sink = [&](const core::RecordedEvent& event) {
    if (event.position < wanted.from) return true;
    if (event.position >= end || (wanted.to && event.recorded_at >= *wanted.to)) return false;
    const bool late = seen % 1024 == 1023 && std::chrono::steady_clock::now() >=
                                                 request.deadline - std::chrono::seconds(1);
    if (page.events.size() >= wanted.limit || ++seen > kAuditScanEvents || late) {
      page.next = event.position;
      return false;
    }
    if (wanted.wants(event)) page.events.push_back(header_json(event, names));
    return true;
  };
  if (wanted.stream) {
    const auto read =
        context.log.read_stream(wanted.project, *wanted.stream, core::Version{}, sink);
    if (!read) return read.error();
  } else {
    const auto read = context.log.read(wanted.from, sink);
    if (!read) return read.error();
  }
  return page;
}

Result<Response> tell(const Context& context, const Request& request, core::Position end) {
  const auto query = Query::of(
      request, {"actor", "session", "from", "to", "correlation", "limit", "cursor", "at_least"},
      {"type"});
  if (!query) return query.error();
  const KeyNames names = key_names(context.keys, request.principal.project);
  const auto wanted = wanted_of(context, request, *query, names);
  if (!wanted) return wanted.error();
  auto page = page_of(context, *wanted, request, end, names);
  if (!page) return std::move(page.error());
  if (request.headers.find("Accept").value_or("").find("application/x-ndjson") !=
      std::string_view::npos) {
    Response response;
    response.headers.add("Content-Type", "application/x-ndjson");
    response.headers.add("Hansard-Position", std::to_string(end.value));
    if (page->next) response.headers.add("Hansard-Next", std::to_string(page->next->value));
    for (const Json& event : page->events) response.body += dump(event) + "\n";
    return response;
  }
  Json list = Json::Array{};
  for (Json& event : page->events) list.push(std::move(event));
  Json json;
  json.add("events", std::move(list));
  if (page->next) json.add("next", page->next->value);
  return answer_with(context, std::move(json), end);
}

constexpr MemberDoc kHeader[] = {
    {"position", "count", "In the log."},
    {"recorded_at", "Time", "When it was put on record."},
    {"occurred_at?", "Time", "When it happened, where that is known."},
    {"type", "text", "What happened."},
    {"stream", "text", "The stream it was appended to."},
    {"version", "count", "In its stream."},
    {"event_id", "text", "Of the event."},
    {"actor?", "text", "The key that acted; absent: there was none."},
    {"key?", "text", "Its name, where it is known."},
    {"correlation?", "text", "What it belongs to."},
    {"causation?", "text", "The event that it follows from."},
    {"erased?", "flag", "Its content was destroyed."},
    {"children?", "list of AuditedEvent", "Of a tree of causes: what followed from it."},
};
constexpr MemberDoc kLog[] = {
    {"events", "list of AuditedEvent", "In the order of the log."},
    {"next?", "count", "The `cursor` of the following page; there may be one without events."},
    {"checkpoint", "Position", "One past the last position that the answer reflects."},
};
constexpr SchemaDoc kSchemas[] = {
    {"AuditedEvent", "Who did what: the header of an event.", kHeader},
    {"AuditLog", "A page of who did what.", kLog},
};
constexpr RouteDoc::Answer kAnswers[] = {{200, "application/json", "AuditLog"},
                                         {200, "application/x-ndjson", "AuditedEvent"}};

}  // namespace

KeyNames key_names(const KeyRing& keys, const core::ProjectId& project) {
  KeyNames names;
  for (const KeyListing& key : keys.list()) {
    if (key.project == project) names[key.id] = key.name;
  }
  return names;
}

Json header_json(const core::RecordedEvent& event, const KeyNames& names) {
  Json json;
  json.add("position", event.position.value);
  json.add("recorded_at", core::format_time(event.recorded_at));
  if (event.occurred_at) json.add("occurred_at", core::format_time(*event.occurred_at));
  json.add("type", std::string(event.type));
  json.add("stream", std::string(event.stream));
  json.add("version", event.version.value);
  json.add("event_id", core::to_string(event.id));
  if (!event.actor.is_nil()) {
    json.add("actor", core::to_string(event.actor));
    const auto name = names.find(event.actor);
    if (name != names.end()) json.add("key", name->second);
  }
  if (!event.correlation.is_nil()) json.add("correlation", core::to_string(event.correlation));
  if (!event.causation.is_nil()) json.add("causation", core::to_string(event.causation));
  if (event.erased) json.add("erased", true);
  return json;
}

Result<core::Position> position_at(const core::EventLog& log, core::Timestamp time) {
  core::Position low{};
  core::Position high = log.end();
  while (low < high) {
    const core::Position middle{low.value + (high.value - low.value) / 2};
    bool before = false;
    const auto read = log.read(middle, [&](const core::RecordedEvent& event) {
      before = event.recorded_at < time;
      return false;
    });
    if (!read) return read.error();
    if (before) {
      low = core::Position{middle.value + 1};
    } else {
      high = middle;
    }
  }
  return low;
}

std::vector<AddedRoute> audit_log_routes(const std::shared_ptr<Reads>& reads) {
  Route route = get_route(
      "/v1/audit/log", Rule{Scope::audit, Access::none},
      "Who did what in this project, by the headers of events (actor, type, session, from, to, "
      "correlation, limit, cursor)",
      [reads](const RequestPtr& request, const Responder& respond) {
        reads->from_log(request, respond, [&context = reads->context, request](core::Position end) {
          return tell(context, *request, end);
        });
      });
  const RouteDoc doc{Method::get, "/v1/audit/log",
                     "actor type* session from to correlation limit cursor at_least", "Accept",
                     kAnswers};
  std::vector<AddedRoute> all;
  all.push_back({std::move(route), doc, "", kSchemas});
  all.push_back(audit_trace_route(reads));
  all.push_back(audit_report_route(reads));
  return all;
}

}  // namespace hansard::http
