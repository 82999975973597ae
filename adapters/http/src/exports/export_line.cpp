#include "exports/export_line.h"

#include "http/json_out.h"

namespace hansard::http {

namespace {

void add_time(JsonOut& json, std::string_view name, core::Timestamp time) {
  const std::string text = core::format_time(time);
  const auto back = core::parse_time(text);
  json.key(name);
  if (back && *back == time) {
    json.string(text);
  } else {
    json.raw(std::to_string(time.time_since_epoch().count()));
  }
}

/// What we store is compact, and so without line breaks; but a log holds what it was given.
void add_payload(JsonOut& json, const std::string& name, std::string_view payload) {
  if (payload.find_first_of("\n\r") == std::string_view::npos) {
    json.key(name).raw(payload);
  } else {
    json.member(name + "_text", payload);
  }
}

}  // namespace

void append_export_line(const core::RecordedEvent& event, std::string& out) {
  JsonOut json;
  json.object()
      .member("position", event.position.value)
      .member("project", event.project)
      .member("stream", event.stream)
      .member("version", event.version.value)
      .member("type", event.type)
      .member("schema", static_cast<std::uint64_t>(event.schema))
      .member("event_id", core::to_string(event.id));
  add_time(json, "recorded_at", event.recorded_at);
  if (event.occurred_at) add_time(json, "occurred_at", *event.occurred_at);
  if (event.occurred_at_from_client) json.member("occurred_at_by_client", true);
  if (!event.actor.is_nil()) json.member("actor", core::to_string(event.actor));
  if (!event.correlation.is_nil()) json.member("correlation", core::to_string(event.correlation));
  if (!event.causation.is_nil()) json.member("causation", core::to_string(event.causation));
  json.member(event.erased ? "commitment" : "salt", core::to_hex(event.salt_or_commitment));
  add_payload(json, "facts", event.facts);
  if (!event.erased) add_payload(json, "content", event.content);
  json.end_object();
  out += json.take();
  out.push_back('\n');
}

}  // namespace hansard::http
