#include "prompts/prompt_json.h"

#include "events/prompt/commands.h"

namespace hansard::http {

using events::Json;
using events::StoredPrompt;

namespace {

Json texts(const std::vector<std::string>& list) {
  Json json = Json::Array{};
  for (const std::string& text : list) json.push(text);
  return json;
}

/// Adds to an entry of a history what the event says.
class Told {
 public:
  explicit Told(Json& out) : out_(out) {}
  void operator()(const events::PromptVersionStored& event) {
    what("stored", event.version);
    if (!event.tags.empty()) out_.add("tags", texts(event.tags));
    said("description", event.description);
  }
  void operator()(const events::PromptTagged& event) {
    what("tagged", event.version);
    out_.add("tags", texts(event.tags));
  }
  void operator()(const events::PromptLabelMoved& event) {
    what("label_moved", event.version);
    out_.add("label", event.label);
    if (event.from) out_.add("from", version_json(*event.from));
    out_.add("reason", std::string(to_word(event.reason)));
    said("experiment", event.experiment);
    if (event.evidence) out_.add("evidence", *event.evidence);
    said("comment", event.comment);
  }
  void operator()(const events::PromptLabelRemoved& event) {
    what("label_removed", std::nullopt);
    out_.add("label", event.label);
    if (event.from) out_.add("from", version_json(*event.from));
    said("comment", event.comment);
  }
  void operator()(const events::PromptVersionDeleted& event) {
    what("deleted", event.version);
    said("comment", event.comment);
  }
  void operator()(const events::PromptTrialStarted& event) {
    what("trial_started", std::nullopt);
    out_.add("experiment", event.experiment);
  }
  void operator()(const events::PromptTrialEnded& event) {
    what("trial_ended", std::nullopt);
    out_.add("experiment", event.experiment);
  }
  void operator()(const events::Unrecognised& event) {
    what("other", std::nullopt);
    out_.add("type", event.type);
  }

 private:
  void what(const char* word, const std::optional<events::PromptVersion>& version) {
    out_.add("what", word);
    if (version) out_.add("version", version_json(*version));
  }
  void said(const char* name, const std::optional<std::string>& text) {
    if (text) out_.add(name, *text);
  }
  Json& out_;
};

}  // namespace

Json version_json(const events::PromptVersion& version) {
  if (version.is_number()) return Json(Json::Number{version.text});
  return Json(version.text);
}

Json listed_json(const projections::ListedPrompt& listed) {
  Json json = Json::Object{};
  json.add("name", listed.name);
  json.add("kind", std::string(to_word(listed.kind)));
  std::size_t offered = 0;
  for (const auto& version : listed.versions) offered += version.deleted ? 0 : 1;
  json.add("versions", offered);
  const auto* latest = listed.latest();
  if (latest != nullptr) json.add("latest", version_json(latest->name));
  Json labels = Json::Object{};
  for (const auto& [label, version] : listed.labels) labels.add(label, version_json(version));
  json.add("labels", std::move(labels));
  if (latest != nullptr) json.add("tags", texts(latest->tags));
  if (listed.trial) json.add("trial", *listed.trial);
  json.add("created_at", core::format_time(listed.created_at));
  json.add("changed_at", core::format_time(listed.changed_at));
  return json;
}

void add_version_head(Json& out, const events::PromptState& state, const StoredPrompt& stored) {
  out.add("version", version_json(stored.version));
  out.add("stage", std::string(stage_of(state, stored.version)));
  Json labels = Json::Array{};
  for (const auto& [label, version] : state.labels) {
    if (version == stored.version) labels.push(label);
  }
  out.add("labels", std::move(labels));
  out.add("tags", texts(stored.tags));
  if (stored.deleted) out.add("deleted", true);
  if (stored.erased) out.add("erased", true);
  out.add("content_hash", stored.content_hash);
  out.add("stored_at", core::format_time(stored.recorded_at));
  if (!stored.actor.is_nil()) out.add("actor", core::to_string(stored.actor));
  out.add("position", stored.position.value);
}

void add_version_body(Json& out, const StoredPrompt& stored) {
  Json body = to_json(stored.body);
  for (Json::Member& member : *body.if_object()) {
    out.add(std::move(member.key), std::move(member.value));
  }
  if (stored.description) out.add("description", *stored.description);
  if (stored.metadata) out.add("metadata", *stored.metadata);
}

Json history_json(const core::RecordedEvent& recorded, const events::PromptEvent& event) {
  Json entry = Json::Object{};
  std::visit(Told(entry), event);
  entry.add("at", core::format_time(recorded.recorded_at));
  if (!recorded.actor.is_nil()) entry.add("actor", core::to_string(recorded.actor));
  entry.add("position", recorded.position.value);
  return entry;
}

Json changes_json(const std::vector<projections::PromptChange>& changes) {
  Json list = Json::Array{};
  for (const projections::PromptChange& change : changes) {
    Json json = Json::Object{};
    json.add("what", std::string(to_word(change.kind)));
    json.add("where", change.where);
    if (change.before) json.add("before", *change.before);
    if (change.after) json.add("after", *change.after);
    if (!change.lines.empty()) json.add("lines", texts(change.lines));
    list.push(std::move(json));
  }
  return list;
}

}  // namespace hansard::http
