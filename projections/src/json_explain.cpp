#include "json_entry.h"
#include "projections/json.h"

namespace hansard::projections {
namespace {

using events::Json;

Json names(const std::vector<std::string>& list) {
  Json out = Json::Array{};
  for (const std::string& name : list) out.push(name);
  return out;
}

Json side_json(const SessionDiff::Side& side) {
  Json out;
  out.add("session", std::string(side.stream.name()));
  out.add("as_of", to_json(side.as_of));
  out.add("status", to_word(side.ended ? SessionStatus::ended : SessionStatus::open));
  return out;
}

Json part_json(const SessionDiff::Part& part) {
  Json out;
  out.add("event_count", part.events);
  Json messages = Json::Array{};
  Json others = Json::Array{};
  for (const Entry& entry : part.entries) {
    if (is_message(entry.event)) {
      messages.push(message_json(entry));
    } else {
      others.push(event_json(entry));
    }
  }
  out.add("messages", std::move(messages));
  out.add("events", std::move(others));
  out.add("counts", to_json(part.counters));
  out.add("tokens", to_json(part.counters.tokens));
  out.add("window", names(part.window));
  return out;
}

/// Settings that differ, member by member: {"model":{"from":"a","to":"b"}}.
Json config_changes(const SessionConfig& from, const SessionConfig& to) {
  const Json before = to_json(from);
  const Json after = to_json(to);
  Json out = Json::Object{};
  const auto change = [&](const std::string& key) {
    const Json* was = before.find(key);
    const Json* is = after.find(key);
    if (was != nullptr && is != nullptr && same_tree(*was, *is)) return;
    Json pair = Json::Object{};
    if (was != nullptr) pair.add("from", *was);
    if (is != nullptr) pair.add("to", *is);
    out.add(key, std::move(pair));
  };
  for (const Json::Member& member : *after.if_object()) change(member.key);
  for (const Json::Member& member : *before.if_object()) {
    if (after.find(member.key) == nullptr) change(member.key);
  }
  return out;
}

Json attempt_json(const Why::Attempt& attempt) {
  Json out;
  out.add("attempt", attempt.number);
  if (attempt.request) out.add("request", event_json(*attempt.request));
  if (attempt.failure) out.add("failure", event_json(*attempt.failure));
  return out;
}

Json window_json(const Why& why) {
  Json out;
  out.add("source", to_word(why.source));
  if (why.up_to) out.add("up_to_version", why.up_to->value);
  Json messages = Json::Array{};
  for (const ContextMessage& message : why.window) messages.push(context_message_json(message));
  out.add("messages", std::move(messages));
  return out;
}

/// Why this variant: bucket, shares, and the call that exposed the unit.
Json assignment_json(const Why& why, const WhyVariant& found) {
  const events::VariantAssigned& assigned = found.assigned;
  Json out;
  out.add("unit_kind", events::to_word(assigned.unit_kind));
  if (found.erased) {
    out.add("unit", std::string(kErasedText));
  } else {
    add_text(out, "unit", assigned.unit);
  }
  out.add("variant", assigned.variant);
  out.add("edition", assigned.edition);
  if (assigned.bucket) out.add("bucket", *assigned.bucket);
  Json buckets = Json::Array{};
  for (const WhyVariant::Buckets& each : found.buckets) {
    Json one;
    one.add("variant", each.variant);
    one.add("from", each.from);
    one.add("until", each.until);
    buckets.push(std::move(one));
  }
  out.add("buckets", std::move(buckets));
  out.add("position", found.position.value);
  add_time(out, "recorded_at", found.recorded_at);
  if (assigned.session) {
    const auto stream = core::StreamId::parse(*assigned.session);
    out.add("session", stream ? std::string(stream->name()) : *assigned.session);
  }
  add_text(out, "call_id", assigned.call_id);
  out.add("by_this_call", assigned.call_id == why.call_id);
  return out;
}

void add_request(Json& to, const Why& why, const events::ResponseRequested& request) {
  Json policies = Json::Array{};
  for (const events::Policy& policy : request.policies) {
    Json one;
    one.add("name", policy.name);
    one.add("outcome", policy.outcome);
    if (policy.target) one.add("target", *policy.target);
    add_count(one, "wait_us", policy.wait_us);
    policies.push(std::move(one));
  }
  to.add("policies", std::move(policies));
  if (request.prompt) {
    Json prompt;
    prompt.add("name", request.prompt->name);
    if (const auto& version = request.prompt->version) {
      prompt.add("version",
                 version->is_number() ? Json(Json::Number{version->text}) : Json(version->text));
    }
    add_text(prompt, "label", request.prompt->label);
    add_json(prompt, "variables", request.variables);
    to.add("prompt", std::move(prompt));
  }
  if (request.variant) {
    Json variant;
    variant.add("experiment", request.variant->experiment);
    variant.add("variant", request.variant->variant);
    if (why.variant) variant.add("assignment", assignment_json(why, *why.variant));
    to.add("variant", std::move(variant));
  }
  add_json(to, "parameters", request.parameters);
}

Json node_json(const ForkNode& node) {
  Json out;
  out.add("session", node.session);
  if (node.at_version) out.add("at_version", node.at_version->value);
  if (node.reason) out.add("reason", events::to_word(*node.reason));
  if (!node.found) {
    out.add("found", false);
    return out;
  }
  add_text(out, "title", node.title);
  out.add("status", to_word(node.ended ? SessionStatus::ended : SessionStatus::open));
  out.add("events", node.events);
  out.add("messages", node.messages);
  Json children = Json::Array{};
  for (const ForkNode& child : node.children) children.push(node_json(child));
  out.add("forks", std::move(children));
  return out;
}

}  // namespace

Json to_json(const SessionDiff& diff) {
  Json out;
  out.add("project", diff.project.text());
  out.add("from", side_json(diff.from));
  out.add("to", side_json(diff.to));
  out.add("common_events", diff.common);
  out.add("added", part_json(diff.added));
  out.add("removed", part_json(diff.removed));
  out.add("config", config_changes(diff.from.config, diff.to.config));
  return out;
}

Json to_json(const Why& why) {
  Json out;
  out.add("session", std::string(why.stream.name()));
  out.add("project", why.project.text());
  out.add("call_id", why.call_id);
  add_text(out, "recorded_in", why.recorded_in);
  Json answers = Json::Array{};
  for (const Entry& answer : why.answers) answers.push(message_json(answer));
  out.add("answers", std::move(answers));
  out.add("window", window_json(why));
  out.add("config", to_json(why.config));
  if (const auto* request = why.request()) add_request(out, why, *request);
  Json optimisations = Json::Array{};
  for (const Entry& entry : why.optimisations) optimisations.push(event_json(entry));
  out.add("optimisations", std::move(optimisations));
  Json attempts = Json::Array{};
  for (const Why::Attempt& attempt : why.attempts) attempts.push(attempt_json(attempt));
  out.add("attempts", std::move(attempts));
  Json unknown = Json::Array{};
  for (const Why::Unknown& item : why.unknown) {
    Json one;
    one.add("what", item.what);
    one.add("why", item.why);
    unknown.push(std::move(one));
  }
  out.add("unknown", std::move(unknown));
  return out;
}

Json to_json(const ForkTree& tree) {
  Json out;
  out.add("session", tree.asked);
  out.add("project", tree.project.text());
  if (tree.cut) out.add("cut", true);
  out.add("tree", node_json(tree.root));
  return out;
}

}  // namespace hansard::projections
