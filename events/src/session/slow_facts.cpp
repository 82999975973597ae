#include "session/slow_facts.h"

#include "events/pricing/raw_usage.h"

namespace hansard::events {
namespace {

/// The codec's way: the decoded event, which keeps the texts.
core::Result<const SessionEvent*> decoded(const core::RecordedEvent& event) {
  auto read = session_codec().decode(event, Want::facts);
  if (!read) return read.error();
  thread_local SessionEvent kept;
  kept = std::move(read->event);
  return &kept;
}

core::Error another_type(const core::RecordedEvent& event) {
  return core::Error{core::Errc::internal, std::string(event.type) + " says nothing of this kind"};
}

template <class E>
CallFacts call_from(const E& event) {
  CallFacts facts;
  facts.provider = event.provider;
  facts.model = event.model;
  facts.usage = event.usage;
  facts.ttft_us = event.ttft_us;
  facts.latency_us = event.latency_us;
  return facts;
}

template <class E>
OutcomeFacts outcome_from(const E& event) {
  OutcomeFacts facts;
  facts.call_id = event.call_id;
  facts.attempt = event.attempt;
  facts.provider = event.provider;
  facts.model = event.model;
  facts.usage = event.usage;
  facts.usage_source = event.usage_source;
  facts.ttft_us = event.ttft_us;
  facts.latency_us = event.latency_us;
  if (event.raw_usage) {
    const Json* tier = event.raw_usage->find("service_tier");
    if (tier && tier->is_string()) facts.service_tier = *tier->if_string();
    facts.reported_cost = pricing::read_raw_usage(*event.raw_usage).reported;
  }
  return facts;
}

template <class E>
ToolFacts tool_from(const E& event) {
  ToolFacts facts;
  facts.message_id = event.message_id;
  facts.index = event.index;
  facts.tool = event.tool;
  return facts;
}

}  // namespace

core::Result<CallFacts> slow_call_facts(const core::RecordedEvent& event) {
  const auto read = decoded(event);
  if (!read) return read.error();
  if (const auto* received = std::get_if<ResponseReceived>(*read)) {
    CallFacts facts = call_from(*received);
    facts.choice = received->choice;
    facts.kept =
        received->served_from == ServedFrom::cache || received->served_from == ServedFrom::playback;
    return facts;
  }
  if (const auto* failed = std::get_if<ResponseFailed>(*read)) return call_from(*failed);
  return another_type(event);
}

core::Result<OutcomeFacts> slow_outcome(const core::RecordedEvent& event) {
  const auto read = decoded(event);
  if (!read) return read.error();
  if (const auto* received = std::get_if<ResponseReceived>(*read)) {
    OutcomeFacts facts = outcome_from(*received);
    facts.choice = received->choice;
    facts.message_id = received->message_id;
    facts.finish_reason = received->finish_reason;
    facts.served_from = received->served_from;
    return facts;
  }
  if (const auto* failed = std::get_if<ResponseFailed>(*read)) {
    OutcomeFacts facts = outcome_from(*failed);
    facts.reason = failed->reason;
    facts.error_type = failed->error_type;
    facts.status = failed->status;
    return facts;
  }
  return another_type(event);
}

core::Result<ToolFacts> slow_tool(const core::RecordedEvent& event) {
  const auto read = decoded(event);
  if (!read) return read.error();
  if (const auto* called = std::get_if<ToolCalled>(*read)) return tool_from(*called);
  if (const auto* completed = std::get_if<ToolCompleted>(*read)) {
    ToolFacts facts = tool_from(*completed);
    facts.duration_us = completed->duration_us;
    return facts;
  }
  if (const auto* failed = std::get_if<ToolFailed>(*read)) {
    ToolFacts facts = tool_from(*failed);
    facts.duration_us = failed->duration_us;
    facts.error_type = failed->error_type;
    return facts;
  }
  return another_type(event);
}

core::Result<CreatedFacts> slow_created(const core::RecordedEvent& event) {
  const auto read = decoded(event);
  if (!read) return read.error();
  const auto* created = std::get_if<SessionCreated>(*read);
  if (!created) return another_type(event);
  CreatedFacts facts{created->user_hash, created->agent, created->app, created->source, {}};
  for (const auto& [key, hash] : created->tag_hashes) facts.tag_hashes.emplace_back(key, hash);
  return facts;
}

core::Result<RequestFacts> slow_request(const core::RecordedEvent& event) {
  const auto read = decoded(event);
  if (!read) return read.error();
  const auto* asked = std::get_if<ResponseRequested>(*read);
  if (!asked) return another_type(event);
  RequestFacts facts;
  facts.call_id = asked->call_id;
  facts.kind = asked->kind;
  facts.provider = asked->provider;
  facts.model = asked->model;
  facts.stream = asked->stream;
  if (asked->prompt) {
    facts.prompt = asked->prompt->name;
    if (asked->prompt->version) facts.prompt_version = asked->prompt->version->text;
  }
  if (asked->variant) {
    facts.experiment = asked->variant->experiment;
    facts.variant = asked->variant->variant;
    facts.unit = asked->variant->unit;
  }
  return facts;
}

}  // namespace hansard::events
