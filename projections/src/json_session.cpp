#include "json_entry.h"
#include "projections/json.h"

namespace hansard::projections {
namespace {

using events::Json;

std::string_view status(bool ended) {
  return to_word(ended ? SessionStatus::ended : SessionStatus::open);
}

/// The summary that stands for messages no longer sent.
Json summary_json(const ContextMessage& message) {
  Json out;
  out.add("role", "summary");
  Json ids = Json::Array{};
  for (const std::string& id : message.summary_of) ids.push(id);
  out.add("summary_of", std::move(ids));
  Json parts = Json::Array{};
  const auto& event = std::get<events::ContextOptimized>(message.entry.event);
  if (event.summary) {
    for (const events::Part& part : *event.summary) parts.push(part.json);
  }
  out.add("parts", std::move(parts));
  add_info(out, message.entry.info);
  return out;
}

/// What was ordered about the session's content; of what a fork inherits its entries tell.
void add_erasures(Json& to, const Erasures& erasures, bool erased) {
  if (erasures.empty()) return;
  if (is_erasing(erasures)) to.add("erasing", true);
  if (erased) to.add("erased", true);
  Json list = Json::Array{};
  for (const auto& [id, erasure] : erasures) {
    Json one;
    one.add("erasure_id", id);
    one.add("state", erasure.events_erased ? "erased" : "erasing");
    one.add("scope", events::to_word(erasure.asked.scope));
    add_text(one, "message", erasure.asked.message_id);
    add_text(one, "rule", erasure.asked.rule);
    one.add("reason", erasure.asked.reason);
    one.add("version", erasure.requested.value);
    if (erasure.events_erased) one.add("events", *erasure.events_erased);
    list.push(std::move(one));
  }
  to.add("erasures", std::move(list));
}

}  // namespace

Json context_message_json(const ContextMessage& message) {
  return is_message(message.entry.event) ? message_json(message.entry) : summary_json(message);
}

Json to_json(const History& history) {
  Json out;
  add_identity(out, history.project, history.stream, history.created);
  out.add("as_of", to_json(history.as_of));
  out.add("status", status(history.ended));
  add_erasures(out, history.erasures, history.erased);
  add_origin(out, history.origin, history.created);
  if (history.inherited_cut) out.add("inherited_cut", true);
  Json messages = Json::Array{};
  Json others = Json::Array{};
  for (const Entry& entry : history.entries) {
    if (is_message(entry.event)) {
      messages.push(message_json(entry));
    } else {
      others.push(event_json(entry));
    }
  }
  out.add("messages", std::move(messages));
  out.add("events", std::move(others));
  if (history.unknown_events > 0) out.add("unknown_events", history.unknown_events);
  return out;
}

Json to_json(const Overview& overview) {
  Json out;
  add_identity(out, overview.project, overview.stream, overview.created);
  out.add("as_of", to_json(overview.as_of));
  out.add("status", status(overview.ended));
  add_erasures(out, overview.erasures, overview.erased);
  add_origin(out, overview.origin, overview.created);
  out.add("first_recorded_at", core::format_time(overview.first.recorded_at));
  out.add("last_recorded_at", core::format_time(overview.as_of.recorded_at));
  add_time(out, "first_occurred_at", overview.first_occurred);
  add_time(out, "last_occurred_at", overview.last_occurred);
  out.add("counts", to_json(overview.counters));
  out.add("tokens", to_json(overview.counters.tokens));
  out.add("config", to_json(overview.config));
  return out;
}

Json to_json(const ContextWindow& window) {
  Json out;
  add_identity(out, window.project, window.stream, window.created);
  out.add("as_of", to_json(window.as_of));
  out.add("config", to_json(window.config));
  Json messages = Json::Array{};
  for (const ContextMessage& message : window.messages) {
    messages.push(context_message_json(message));
  }
  out.add("messages", std::move(messages));
  Json removed = Json::Array{};
  for (const std::string& id : window.removed) removed.push(id);
  out.add("removed", std::move(removed));
  if (window.tokens) {
    Json tokens;
    tokens.add("count", window.tokens->count);
    tokens.add("reported_at_version", window.tokens->reported_by.version.value);
    add_text(tokens, "inherited_from", window.tokens->reported_by.inherited_from);
    out.add("tokens", std::move(tokens));
  }
  return out;
}

}  // namespace hansard::projections
