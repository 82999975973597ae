#include "shared/event_json.h"

#include "http/json_out.h"

namespace hansard::http {

void append_event_json(const core::RecordedEvent& event, std::string& out) {
  JsonOut json;
  json.object()
      .member("position", event.position.value)
      .member("project", event.project)
      .member("stream", event.stream)
      .member("version", event.version.value)
      .member("type", event.type)
      .member("schema", static_cast<std::uint64_t>(event.schema))
      .member("event_id", core::to_string(event.id))
      .member("recorded_at", core::format_time(event.recorded_at));
  if (event.occurred_at) json.member("occurred_at", core::format_time(*event.occurred_at));
  if (!event.actor.is_nil()) json.member("actor", core::to_string(event.actor));
  if (!event.correlation.is_nil()) json.member("correlation", core::to_string(event.correlation));
  if (!event.causation.is_nil()) json.member("causation", core::to_string(event.causation));
  json.key("facts").raw(event.facts);
  if (event.erased) {
    json.member("erased", true);
  } else {
    json.key("content").raw(event.content.empty() ? "{}" : event.content);
  }
  json.end_object();
  out += json.take();
}

}  // namespace hansard::http
