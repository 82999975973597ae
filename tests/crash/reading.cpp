#include "reading.h"

#include <map>

#include "digest.h"
#include "events/json.h"

namespace hansard::crash {
namespace {

using events::Json;

/// The fact that tells events of one type apart within a session; none: one per session.
const std::map<std::string_view, std::string_view>& natural_ids() {
  static const std::map<std::string_view, std::string_view> kNames{
      {"SessionCreated", ""},
      {"MessageSent", "message_id"},
      {"ResponseReceived", "call_id"},
      {"ToolCalled", "tool_call_id"},
      {"ToolCompleted", "tool_call_id"},
      {"SessionEnded", ""},
  };
  return kNames;
}

std::string text_at(const Json& json, std::string_view name) {
  const Json* value = json.find(name);
  const std::string* text = value == nullptr ? nullptr : value->if_string();
  return text == nullptr ? std::string{} : *text;
}

}  // namespace

std::string event_key(std::string_view stream, std::string_view type, std::string_view id,
                      const Json& facts) {
  const auto natural = natural_ids().find(type);
  if (natural == natural_ids().end() || stream.substr(0, 8) != "session-") return std::string(id);
  std::string key = std::string(stream) + " " + std::string(type);
  if (!natural->second.empty()) key += " " + text_at(facts, natural->second);
  return key;
}

void LogReading::begin() {
  next_ = 0;
  parsed_ = 0;
}

void LogReading::end() { events_.resize(next_); }

core::Status LogReading::line(std::string_view text) {
  const core::Hash hash = text_digest(text);
  if (next_ < events_.size() && events_[next_].line == hash) {
    ++next_;
    return core::Ok{};
  }
  auto event = parse(text);
  if (!event) return event.error();
  event->line = hash;
  ++parsed_;
  if (next_ < events_.size()) {
    events_[next_] = *std::move(event);
  } else {
    events_.push_back(*std::move(event));
  }
  ++next_;
  return core::Ok{};
}

core::Result<StoredEvent> LogReading::parse(std::string_view text) const {
  const auto json = events::parse_json(text);
  if (!json) return json.error();
  const Json* position = json->find("position");
  const Json* version = json->find("version");
  const Json* facts = json->find("facts");
  const Json* content = json->find("content");
  if (position == nullptr || version == nullptr || facts == nullptr || content == nullptr) {
    return events::bad_field("", "no event: " + std::string(text.substr(0, 200)));
  }
  StoredEvent event;
  const auto at = position->as_uint("position");
  if (!at) return at.error();
  const auto in_stream = version->as_uint("version");
  if (!in_stream) return in_stream.error();
  event.position = *at;
  event.version = *in_stream;
  event.stream = text_at(*json, "stream");
  event.type = text_at(*json, "type");
  event.id = text_at(*json, "event_id");
  event.occurred_at = text_at(*json, "occurred_at");
  event.key = event_key(event.stream, event.type, event.id, *facts);
  const auto* sent = journal_.find(event.key);
  const std::vector<std::string>* fields = nullptr;
  if (sent != nullptr) {
    const auto& first = sent->front();
    fields = &journal_.appends()[first.append].records[first.record].fields;
  }
  event.digest = fields != nullptr && !fields->empty() ? fields_digest(*fields, *facts, *content)
                                                       : payload_digest(*facts, *content);
  return event;
}

}  // namespace hansard::crash
