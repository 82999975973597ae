#include "shared/event_query.h"

#include <algorithm>

#include "events/json.h"
#include "events/session/ids.h"

namespace hansard::http {

using core::Result;
using core::Status;

namespace {

Status add_name(std::vector<std::string>& names, std::string name, std::string_view field) {
  if (names.size() >= kFilterNamesMax) {
    return events::bad_field(field, "more than " + std::to_string(kFilterNamesMax));
  }
  names.push_back(std::move(name));
  return core::Ok{};
}

/// `type=A&type=B` or `type=A,B`.
Status add_types(const Query& query, EventFilter& filter) {
  for (const std::string& list : query.all("type")) {
    for (std::size_t from = 0; from <= list.size();) {
      const std::size_t end = std::min(list.find(',', from), list.size());
      if (auto added = add_type(filter, list.substr(from, end - from), "type"); !added) {
        return added;
      }
      from = end + 1;
    }
  }
  return core::Ok{};
}

}  // namespace

Status add_type(EventFilter& filter, std::string_view type, std::string_view field) {
  if (!core::is_event_type(type)) {
    return events::bad_field(field, "expected event types like MessageSent");
  }
  return add_name(filter.types, std::string(type), field);
}

Status add_session(const Context& context, EventFilter& filter, const std::string& session,
                   std::string_view field) {
  const auto stream = events::session_stream(filter.project, session, context.keyed_hash);
  if (!stream) return events::bad_field(field, stream.error().message);
  return add_name(filter.streams, stream->text(), field);
}

Result<EventFilter> filter_of(const Context& context, const core::ProjectId& project,
                              const Query& query) {
  EventFilter filter{project, {}, {}, {}};
  if (auto added = add_types(query, filter); !added) return added.error();
  if (const auto name = query.text("stream")) {
    const auto stream = core::StreamId::parse(*name);
    if (!stream) return events::bad_field("stream", stream.error().message);
    filter.streams.push_back(*name);
  }
  for (const std::string& session : query.all("session")) {
    if (auto added = add_session(context, filter, session, "session"); !added) {
      return added.error();
    }
  }
  const auto limit = query.number("limit");
  if (!limit) return limit.error();
  if (*limit && **limit == 0) return events::bad_field("limit", "must be at least 1");
  filter.limit = *limit;
  return filter;
}

Result<std::optional<std::uint64_t>> after_last_event_id(const Request& request) {
  const auto id = request.headers.find("Last-Event-ID");
  if (!id || id->empty()) return std::optional<std::uint64_t>();
  const auto last = parse_digits(*id);
  if (!last) return events::bad_field("Last-Event-ID", "expected the id of one of our events");
  return std::optional<std::uint64_t>(*last + 1);
}

Result<core::Position> start_of(const Request& request, const Query& query, core::Position end,
                                core::Position otherwise) {
  const auto resume = after_last_event_id(request);
  if (!resume) return resume.error();
  const bool head = query.text("from") == "head";
  const auto from = head ? Result<std::optional<std::uint64_t>>(end.value) : query.number("from");
  if (!from) return events::bad_field("from", "expected a position, or head");
  const auto last = query.number("last");
  if (!last) return last.error();
  if (*from && *last) return events::bad_field("last", "cannot be given together with from");
  if (*resume) return core::Position{**resume};
  if (*last) return core::Position{end.value - std::min(end.value, **last)};
  return *from ? core::Position{**from} : otherwise;
}

}  // namespace hansard::http
