// GET /v1/audit/trace: what followed from what, as a tree.
#include <algorithm>
#include <set>
#include <unordered_map>
#include <unordered_set>
#include <utility>

#include "access/audit_log.h"
#include "families.h"
#include "http/problem.h"
#include "shared/query.h"

namespace hansard::http {

namespace {

using core::Errc;
using core::Error;
using core::Result;
using events::Json;

/// Causes followed upwards from the event that was asked for.
constexpr int kCausesMax = 256;
/// Causes below causes that one answer shows nested; what lies deeper stands beside.
constexpr std::size_t kNestedMax = 64;

struct Node {
  core::EventId id;
  core::EventId causation;
  std::size_t depth = 0;
  Json json;
};

/// Links of one event, without its payloads.
struct Links {
  core::Position position;
  core::EventId id;
  core::EventId causation;
  core::EventId correlation;
};

Result<std::optional<Links>> links_of(const core::EventLog& log, const core::ProjectId& project,
                                      const core::EventId& id) {
  std::optional<Links> links;
  const auto position = log.find(project, id);
  if (!position) return position.error();
  if (!*position) return links;
  const auto read = log.read(**position, [&](const core::RecordedEvent& event) {
    links = Links{event.position, event.id, event.causation, event.correlation};
    return false;
  });
  if (!read) return read.error();
  return links;
}

/// Where a tree begins.
struct Root {
  std::unordered_set<core::EventId> ids;     ///< what follows from one of these belongs to it
  std::optional<core::EventId> correlation;  ///< and what says that it does
  core::Position from;
};

/// The first cause of an event; nothing is known of what is not in this log.
Result<Root> root_of_event(const core::EventLog& log, const core::ProjectId& project,
                           const core::EventId& id) {
  auto links = links_of(log, project, id);
  if (!links) return links.error();
  if (!*links) return Error{Errc::not_found, "there is no such event", "event"};
  Links first = **links;
  for (int up = 0; up < kCausesMax && !first.causation.is_nil(); ++up) {
    auto cause = links_of(log, project, first.causation);
    if (!cause) return cause.error();
    if (!*cause || (*cause)->position >= first.position) break;
    first = **cause;
  }
  Root root;
  root.ids.insert(first.id);
  root.from = first.position;
  if (!first.correlation.is_nil()) root.correlation = first.correlation;
  return root;
}

Result<Root> root_of(const Context& context, const Request& request, const Query& query) {
  const core::ProjectId& project = request.principal.project;
  const auto event = query.text("event");
  const auto correlation = query.text("correlation");
  if (event.has_value() == correlation.has_value()) {
    return events::bad_field("event", "give either event or correlation, an id of an event");
  }
  const auto parsed = core::parse_uuid(event ? *event : *correlation);
  if (!parsed) {
    return events::bad_field(event ? "event" : "correlation", "expected the id of an event");
  }
  core::EventId id;
  static_cast<core::Uuid&>(id) = *parsed;
  const auto from = query.number("from");
  if (!from) return from.error();
  Root root;
  if (event) {
    auto found = root_of_event(context.log, project, id);
    if (!found) return std::move(found.error());
    root = *std::move(found);
  } else {
    root.ids.insert(id);
    root.correlation = id;
    // Usually it is the id of what it all began with.
    const auto begin = links_of(context.log, project, id);
    if (!begin) return begin.error();
    if (*begin) root.from = (*begin)->position;
  }
  if (*from) root.from = std::max(root.from, core::Position{**from});
  return root;
}

/// Children below their cause, in the order of the log.
Json nested(std::vector<Node>& nodes) {
  std::unordered_map<core::EventId, std::size_t> places;
  for (std::size_t i = 0; i < nodes.size(); ++i) places.emplace(nodes[i].id, i);
  std::vector<std::vector<std::size_t>> children(nodes.size());
  std::vector<std::size_t> roots;
  for (std::size_t i = 0; i < nodes.size(); ++i) {
    const auto cause = places.find(nodes[i].causation);
    const bool below =
        cause != places.end() && cause->second < i && nodes[cause->second].depth + 1 < kNestedMax;
    if (below) nodes[i].depth = nodes[cause->second].depth + 1;
    (below ? children[cause->second] : roots).push_back(i);
  }
  // Later events cannot be causes of earlier ones, so the last is complete first.
  for (std::size_t i = nodes.size(); i-- > 0;) {
    if (children[i].empty()) continue;
    Json list = Json::Array{};
    for (const std::size_t child : children[i]) list.push(std::move(nodes[child].json));
    nodes[i].json.add("children", std::move(list));
  }
  Json list = Json::Array{};
  for (const std::size_t root : roots) list.push(std::move(nodes[root].json));
  return list;
}

Result<Response> tell(const Context& context, const Request& request, core::Position end) {
  const auto query = Query::of(request, {"event", "correlation", "from", "at_least"});
  if (!query) return query.error();
  auto root = root_of(context, request, *query);
  if (!root) return std::move(root.error());
  const std::string& project = request.principal.project.text();
  const KeyNames names = key_names(context.keys, request.principal.project);
  std::vector<Node> nodes;
  std::optional<core::Position> next;
  std::uint64_t seen = 0;
  const auto read = context.log.read(root->from, [&](const core::RecordedEvent& event) {
    if (event.position >= end) return false;
    if (nodes.size() >= kTraceEvents || ++seen > kAuditScanEvents) {
      next = event.position;
      return false;
    }
    if (event.project != project) return true;
    const bool belongs = root->ids.contains(event.id) || root->ids.contains(event.causation) ||
                         (root->correlation && event.correlation == *root->correlation);
    if (!belongs) return true;
    root->ids.insert(event.id);
    nodes.push_back({event.id, event.causation, 0, header_json(event, names)});
    return true;
  });
  if (!read) return read.error();
  if (nodes.empty() && !next) {
    return Error{Errc::not_found, "nothing on record belongs to it", "correlation"};
  }
  Json json;
  json.add("count", nodes.size());
  json.add("events", nested(nodes));
  if (next) json.add("next", next->value);
  return answer_with(context, std::move(json), end);
}

constexpr MemberDoc kTrace[] = {
    {"count", "count", "Events in the tree."},
    {"events", "list of AuditedEvent", "Without a cause in the tree; usually one."},
    {"next?", "count", "The work was enough for one answer: more may follow `from` here on."},
    {"checkpoint", "Position", "One past the last position that the answer reflects."},
};
constexpr SchemaDoc kSchemas[] = {
    {"Trace", "What followed from what.", kTrace},
};
constexpr RouteDoc::Answer kAnswers[] = {{200, "application/json", "Trace"}};

}  // namespace

AddedRoute audit_trace_route(const std::shared_ptr<Reads>& reads) {
  Route route = get_route(
      "/v1/audit/trace", Rule{Scope::audit, Access::none},
      "What followed from what, as a tree of causes (event or correlation; from)",
      [reads](const RequestPtr& request, const Responder& respond) {
        reads->from_log(request, respond, [&context = reads->context, request](core::Position end) {
          return tell(context, *request, end);
        });
      });
  const RouteDoc doc{Method::get, "/v1/audit/trace", "event correlation from at_least", "",
                     kAnswers};
  return {std::move(route), doc, "", kSchemas};
}

}  // namespace hansard::http
