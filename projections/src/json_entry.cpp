#include "json_entry.h"

#include "events/session/fast_facts.h"
#include "events/session/ids.h"
#include "projections/filtered.h"
#include "projections/json.h"

namespace hansard::projections {

using events::Json;

void add_time(Json& to, std::string_view key, const std::optional<core::Timestamp>& time) {
  if (time) to.add(std::string(key), core::format_time(*time));
}
void add_text(Json& to, std::string_view key, const std::optional<std::string>& text) {
  if (text) to.add(std::string(key), *text);
}
void add_count(Json& to, std::string_view key, const std::optional<std::uint64_t>& count) {
  if (count) to.add(std::string(key), *count);
}
void add_json(Json& to, std::string_view key, const std::optional<Json>& value) {
  if (value) to.add(std::string(key), *value);
}

void add_info(Json& to, const EntryInfo& info) {
  to.add("version", info.version.value);
  to.add("position", info.position.value);
  to.add("recorded_at", core::format_time(info.recorded_at));
  add_time(to, "occurred_at", info.occurred_at);
  to.add("event_id", core::to_string(info.id));
  if (!info.actor.is_nil()) to.add("actor", core::to_string(info.actor));
  if (info.erased) to.add("erased", true);
  add_text(to, "inherited_from", info.inherited_from);
}

Json to_json(const Moment& moment) {
  Json out;
  out.add("version", moment.version.value);
  out.add("position", moment.position.value);
  out.add("recorded_at", core::format_time(moment.recorded_at));
  return out;
}

Json to_json(const SessionConfig& config) {
  Json out = Json::Object{};
  add_text(out, "provider", config.provider);
  add_text(out, "model", config.model);
  add_text(out, "system", config.system);
  add_text(out, "system_hash", config.system_hash);
  add_json(out, "tools", config.tools);
  add_text(out, "tools_hash", config.tools_hash);
  add_count(out, "tools_count", config.tools_count);
  add_json(out, "settings", config.settings);
  return out;
}

Json to_json(const SessionCounters& counters) {
  Json out;
  out.add("messages", counters.messages);
  out.add("responses", counters.responses);
  out.add("calls", counters.calls);
  out.add("failures", counters.failures);
  out.add("tool_calls", counters.tool_calls);
  out.add("tool_failures", counters.tool_failures);
  out.add("forks", counters.forks);
  out.add("scores", counters.scores);
  out.add("calls_without_usage", counters.calls_without_usage);
  return out;
}

Json to_json(const events::StringMap& tags) {
  Json out = Json::Object{};
  for (const auto& [key, value] : tags) out.add(key, value);
  return out;
}

Json erased_tags(const events::StringMap& tag_hashes) {
  Json out = Json::Object{};
  for (const auto& [key, hash] : tag_hashes) out.add(key, kErasedText);
  return out;
}

Json to_json(const events::Usage& usage) {
  Json out = Json::Object{};
  events::for_each_class(usage, [&](std::string_view name, const auto& tokens) {
    if (tokens) out.add(std::string(name), *tokens);
  });
  add_count(out, "input", input_tokens(usage));
  add_count(out, "output", output_tokens(usage));
  return out;
}

void add_identity(Json& to, const core::ProjectId& project, const core::StreamId& stream,
                  const std::optional<Entry>& created) {
  const auto* said = created ? std::get_if<events::SessionCreated>(&created->event) : nullptr;
  const bool named = said && said->session_id && !events::is_pseudonym(*said->session_id);
  to.add("session_id", named ? *said->session_id : std::string(stream.name()));
  to.add("stream", stream.text());
  to.add("project", project.text());
  if (!said) return;
  const bool erased = created->info.erased;
  if (erased) {
    if (said->user_hash) to.add("user", kErasedText);
  } else {
    add_text(to, "user", said->user);
    add_text(to, "title", said->title);
  }
  add_text(to, "user_hash", said->user_hash);
  add_text(to, "agent", said->agent);
  add_text(to, "app", said->app);
  add_text(to, "source", said->source);
  if (erased && !said->tag_hashes.empty()) to.add("tags", erased_tags(said->tag_hashes));
  if (!erased && !said->tags.empty()) to.add("tags", to_json(said->tags));
  if (!erased) add_json(to, "metadata", said->metadata);
  Json creation;
  add_info(creation, created->info);
  add_json(creation, "filtered", said->filtered);
  to.add("created", std::move(creation));
}

void add_origin(Json& to, const std::optional<Origin>& origin,
                const std::optional<Entry>& created) {
  if (!origin) return;
  Json out;
  out.add("session", origin->session);
  out.add("at_version", origin->at_version.value);
  const auto* said = created ? std::get_if<events::SessionCreated>(&created->event) : nullptr;
  if (said && said->parent && said->parent->reason) {
    out.add("reason", events::to_word(*said->parent->reason));
  }
  out.add("found", origin->found);
  to.add("forked_from", std::move(out));
}

bool is_message(const events::SessionEvent& event) {
  return std::holds_alternative<events::MessageSent>(event) ||
         std::holds_alternative<events::ResponseReceived>(event) ||
         std::holds_alternative<events::ToolCalled>(event) ||
         std::holds_alternative<events::ToolCompleted>(event) ||
         std::holds_alternative<events::ToolFailed>(event);
}

namespace {

// What a tool gave back. An erased value is absent, and `erased` says why.
void add_result(Json& to, const events::ToolCompleted& done, bool erased) {
  if (!erased) to.add("result", done.output);
  add_count(to, "duration_us", done.duration_us);
}
void add_result(Json& to, const events::ToolFailed& failed, bool erased) {
  if (!erased) to.add("error", failed.error);
  add_text(to, "error_type", failed.error_type);
  add_count(to, "duration_us", failed.duration_us);
}

void add_outcome(Json& to, const std::optional<ToolOutcome>& outcome) {
  if (!outcome) return;
  std::visit([&](const auto& event) { add_result(to, event, outcome->info.erased); },
             outcome->event);
  Json info;
  add_info(info, outcome->info);
  if (const Json* filtered = filtered_of(outcome->event)) info.add("filtered", *filtered);
  to.add("outcome", std::move(info));
}

/// Fills a tool_call part with what was asked and what came back.
void add_call(Json& part, const EntryInfo& info, const events::ToolCalled& call,
              const std::optional<ToolOutcome>& outcome) {
  part.add("tool", call.tool);
  if (!info.erased) part.add("arguments", call.arguments);
  add_json(part, "metadata", call.metadata);
  add_json(part, "filtered", call.filtered);
  add_outcome(part, outcome);
  add_info(part, info);
}

Json call_part(const EntryInfo& info, const events::ToolCalled& call,
               const std::optional<ToolOutcome>& outcome) {
  Json part;
  part.add("type", "tool_call");
  part.add("tool_call_id", call.tool_call_id);
  part.add("index", call.index);
  add_call(part, info, call, outcome);
  return part;
}

/// The parts of an answer, each tool call in its place; calls that no part names follow.
Json parts_json(const events::Parts& parts, const std::vector<ToolUse>& tools) {
  Json out = Json::Array{};
  std::vector<bool> placed(tools.size(), false);
  const auto call_of = [&](const events::Part& part) -> const ToolUse* {
    if (part.kind() != "tool_call") return nullptr;
    for (std::size_t i = 0; i < tools.size(); ++i) {
      const bool same = part.call_index() ? *part.call_index() == tools[i].event.index
                                          : part.tool_call_id() == tools[i].event.tool_call_id;
      if (placed[i] || !same) continue;
      placed[i] = true;
      return &tools[i];
    }
    return nullptr;
  };
  for (const events::Part& part : parts) {
    Json json = part.json;
    if (const ToolUse* use = call_of(part)) add_call(json, use->info, use->event, use->outcome);
    out.push(std::move(json));
  }
  for (std::size_t i = 0; i < tools.size(); ++i) {
    if (!placed[i]) out.push(call_part(tools[i].info, tools[i].event, tools[i].outcome));
  }
  return out;
}

/// One message by the event that carries it.
struct MessageJson {
  const Entry& entry;

  Json operator()(const events::MessageSent& event) const {
    Json out;
    out.add("role", events::to_word(event.role));
    out.add("message_id", event.message_id);
    add_text(out, "name", event.name);
    out.add("parts", parts_json(event.parts, {}));
    add_json(out, "metadata", event.metadata);
    add_json(out, "extra", event.extra);
    return out;
  }
  Json operator()(const events::ResponseReceived& event) const {
    Json out;
    out.add("role", "assistant");
    out.add("message_id", event.message_id);
    out.add("parts", parts_json(event.parts, entry.tools));
    out.add("call_id", event.call_id);
    if (event.choice != 0) out.add("choice", event.choice);
    add_text(out, "provider", event.provider);
    add_text(out, "model", event.model);
    if (event.finish_reason) out.add("finish_reason", events::to_word(*event.finish_reason));
    add_text(out, "finish_reason_raw", event.finish_reason_raw);
    if (event.usage) out.add("usage", to_json(*event.usage));
    if (event.usage_source) out.add("usage_source", events::to_word(*event.usage_source));
    if (event.served_from) out.add("served_from", events::to_word(*event.served_from));
    add_count(out, "ttft_us", event.ttft_us);
    add_count(out, "latency_us", event.latency_us);
    add_json(out, "metadata", event.metadata);
    add_json(out, "extra", event.extra);
    return out;
  }
  Json operator()(const events::ToolCalled& event) const {
    return tool(event.message_id, call_part(entry.info, event, entry.outcome));
  }
  Json operator()(const events::ToolCompleted& event) const { return result(event); }
  Json operator()(const events::ToolFailed& event) const { return result(event); }
  template <class E>
  Json operator()(const E&) const {
    return Json::Object{};
  }

 private:
  template <class E>
  Json result(const E& event) const {
    Json part;
    part.add("type", "tool_result");
    part.add("tool_call_id", event.tool_call_id);
    add_count(part, "index", event.index);
    add_text(part, "tool", event.tool);
    if (event.orphan) part.add("orphan", true);
    add_text(part, "result_id", event.result_id);
    add_result(part, event, entry.info.erased);
    add_json(part, "metadata", event.metadata);
    return tool(event.message_id, std::move(part));
  }
  static Json tool(const std::optional<std::string>& message_id, Json part) {
    Json out;
    out.add("role", "tool");
    add_text(out, "message_id", message_id);
    Json parts;
    parts.push(std::move(part));
    out.add("parts", std::move(parts));
    return out;
  }
};

}  // namespace

Json message_json(const Entry& entry) {
  Json out = std::visit(MessageJson{entry}, entry.event);
  if (const Json* filtered = filtered_of(entry.event)) out.add("filtered", *filtered);
  add_info(out, entry.info);
  return out;
}

Json event_json(const Entry& entry) {
  Json out;
  const auto encoded = events::session_codec().encode(entry.event);
  out.add("type", encoded.type);
  const auto merge = [&](const std::string& payload) {
    auto members = events::parse_json_object(payload);
    HANSARD_ASSERT(members, "the codec writes valid JSON objects");
    for (auto& member : *members) out.add(std::move(member.key), std::move(member.value));
  };
  merge(encoded.facts);
  if (!entry.info.erased) merge(encoded.content);
  add_info(out, entry.info);
  return out;
}

}  // namespace hansard::projections
