// GET /v1/search: full text over what was said.
#include <algorithm>

#include "events/session/ids.h"
#include "families.h"
#include "http/problem.h"
#include "sessions/session_query.h"

namespace hansard::http {

namespace {

using core::Result;
using projections::SearchRequest;

/// Whom and what sessions are about: their names are searched for by hash where facts have hashes.
core::Status read_session_filters(const Context& context, const Query& query, SearchRequest& out) {
  if (const auto session = query.text("session")) {
    auto stream = events::session_stream(out.project, *session, context.keyed_hash);
    if (!stream) return events::bad_field("session", stream.error().message);
    out.stream = *std::move(stream);
  }
  if (const auto user = query.text("user")) {
    out.user_hash = events::user_hash(out.project, *user, context.keyed_hash);
  }
  const auto tags = tag_filters(query);
  if (!tags) return tags.error();
  for (const auto& [key, value] : *tags) {
    const bool known = std::any_of(out.tag_hashes.begin(), out.tag_hashes.end(),
                                   [&key = key](const auto& tag) { return tag.first == key; });
    // No session has two values under one key.
    if (known) return events::bad_field("tag", "the key " + key + " is given twice");
    out.tag_hashes.emplace_back(key, events::tag_hash(out.project, key, value, context.keyed_hash));
  }
  return core::Ok{};
}

Result<SearchRequest> search_request(const Context& context, const Request& request) {
  const auto query = Query::of(request,
                               {"q", "session", "user", "agent", "app", "source", "provider",
                                "model", "tool", "from", "to", "limit", "cursor", "at_least"},
                               {"tag", "role", "kind"});
  if (!query) return query.error();
  SearchRequest out;
  out.project = request.principal.project;
  const auto text = query->text("q");
  if (!text) return events::bad_field("q", "say what to search for");
  out.query = *text;
  if (const auto status = read_session_filters(context, *query, out); !status) {
    return status.error();
  }
  out.agent = query->text("agent");
  out.app = query->text("app");
  out.source = query->text("source");
  out.provider = query->text("provider");
  out.model = query->text("model");
  out.tool = query->text("tool");
  for (const std::string& word : query->all("role")) {
    const auto role = projections::parse_search_role(word);
    if (!role) return role.error();
    out.roles.push_back(*role);
  }
  for (const std::string& word : query->all("kind")) {
    const auto kind = projections::parse_search_kind(word);
    if (!kind) return kind.error();
    out.kinds.push_back(*kind);
  }
  const auto from = query->time("from");
  if (!from) return from.error();
  out.from = *from;
  const auto to = query->time("to");
  if (!to) return to.error();
  out.to = *to;
  const auto limit = query->count("limit", out.limit, projections::kSearchLimitMax);
  if (!limit) return limit.error();
  out.limit = static_cast<std::size_t>(*limit);
  if (const auto cursor = query->text("cursor")) {
    if (auto status = projections::apply_cursor(*cursor, out); !status) return status.error();
    if (*out.below > context.log.end()) {
      return events::bad_field("cursor", "it is of another log");
    }
  }
  const auto at_least = query->number("at_least");
  if (!at_least) return at_least.error();
  if (*at_least) out.at_least = core::Position{**at_least};
  return out;
}

Response answer_search(const Context& context, const SearchRequest& search) {
  const auto found = context.search->search(search);
  if (!found) return problem(found.error());
  auto answer = answer_with(context, projections::to_json(*found), found->position);
  return answer ? *std::move(answer) : problem(answer.error());
}

void search(const Context& context, const RequestPtr& request, const Responder& respond) {
  if (auto status = refuse_as_of(*request, "search"); !status) {
    return respond(problem(std::move(status.error())));
  }
  auto asked = search_request(context, *request);
  if (!asked) return respond(problem(asked.error()));
  if (context.search == nullptr) {
    return respond(problem(core::Error{core::Errc::unavailable, "nothing is indexed here"}));
  }
  // Waiting for the index, and the search itself, have one deadline.
  asked->deadline =
      std::min(request->deadline, std::chrono::steady_clock::now() + projections::kSearchTime);
  Pool& pool = context.searching == nullptr ? context.blocking : *context.searching;
  const bool taken = pool.try_post([&context, asked = *std::move(asked), request, respond] {
    respond(answer_search(context, asked));
  });
  if (!taken) {
    respond(problem(core::Error{core::Errc::overloaded, "too many searches are waiting"}));
  }
}

}  // namespace

Route search_route(const ReadsPtr& reads) {
  Route route = get_route(
      "/v1/search", Rule{Scope::read, Access::content},
      "Full text over messages, answers and tools, best first (q; session, user, agent, app, "
      "source, tag, provider, model, tool, role, kind, from, to, limit, cursor)",
      [reads](const RequestPtr& request, const Responder& respond) {
        search(reads->context, request, respond);
      });
  route.runs = Runs::loop;  // which hands it to the threads that search
  return route;
}

}  // namespace hansard::http
