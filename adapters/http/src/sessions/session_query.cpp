#include "sessions/session_query.h"

#include "events/json.h"

namespace hansard::http {

using core::Result;
using projections::SessionQuery;

Result<std::vector<std::pair<std::string, std::string>>> tag_filters(const Query& query) {
  std::vector<std::pair<std::string, std::string>> tags;
  for (const std::string& tag : query.all("tag")) {
    const std::size_t colon = tag.find(':');
    if (colon == std::string::npos || colon == 0) {
      return events::bad_field("tag", "expected key:value");
    }
    tags.emplace_back(tag.substr(0, colon), tag.substr(colon + 1));
  }
  return tags;
}

Result<SessionQuery> session_filters(const Context& context, const core::ProjectId& project,
                                     const Query& query) {
  SessionQuery out;
  out.project = project;
  out.now = context.clock.now();
  out.user = query.text("user");
  out.agent = query.text("agent");
  out.app = query.text("app");
  out.model = query.text("model");
  auto tags = tag_filters(query);
  if (!tags) return tags.error();
  out.tags = *std::move(tags);
  if (const auto text = query.text("status")) {
    const auto status = projections::parse_session_status(*text);
    if (!status) return status.error();
    out.status = *status;
  }
  const auto from = query.time("from");
  if (!from) return from.error();
  out.from = *from;
  const auto to = query.time("to");
  if (!to) return to.error();
  out.to = *to;
  const auto within = query.span("active_within");
  if (!within) return within.error();
  if (*within) out.active_within = **within;
  return out;
}

}  // namespace hansard::http
