#include "events/erasure/traces.h"

#include <algorithm>

#include "events/erasure/facts.h"
#include "events/session/facts.h"

namespace hansard::events {
namespace {

/// Shorter texts stand within others by chance.
constexpr std::size_t kTellingBytes = 12;

/// Every text of a document, keys left out.
template <class See>
void each_text(const Json& json, const See& see) {
  if (const std::string* text = json.if_string()) {
    see(*text);
  } else if (const Json::Array* list = json.if_array()) {
    for (const Json& each : *list) each_text(each, see);
  } else if (const Json::Object* object = json.if_object()) {
    for (const Json::Member& member : *object) each_text(member.value, see);
  }
}

bool is(const Json* value, std::string_view text) {
  return value != nullptr && value->is_string() && *value->if_string() == text;
}

/// What a part is made of besides what was said, so that no other event is taken for a repetition.
bool is_form(std::string_view text) {
  constexpr std::string_view kForms[] = {"text", "thinking", "tool_call", "image", "file", "audio"};
  return std::find(std::begin(kForms), std::end(kForms), text) != std::end(kForms);
}

}  // namespace

void MessageTraces::remember(const Json& content) {
  each_text(content, [this](const std::string& text) {
    if (!text.empty() && !is_form(text)) texts_.push_back(text);
  });
}

bool MessageTraces::repeated_in(const Json& content) const {
  bool repeated = false;
  each_text(content, [&](const std::string& text) {
    repeated = repeated || std::any_of(texts_.begin(), texts_.end(), [&](const std::string& known) {
                 return known.size() < kTellingBytes ? text == known
                                                     : text.find(known) != std::string::npos;
               });
  });
  return repeated;
}

core::Result<bool> MessageTraces::concerns(const core::RecordedEvent& event) {
  if (is_erasure_event(event.type)) return false;
  auto facts = parse_json(event.facts);
  if (!facts) return facts.error();
  Json content;
  if (!event.erased) {
    auto parsed = parse_json(event.content);
    if (!parsed) return parsed.error();
    content = *std::move(parsed);
  }
  const bool said = event.type == MessageSent::kType || event.type == ResponseReceived::kType;
  if (own_stream_ && is(facts->find("message_id"), message_id_)) {
    if (said && !found_) {
      found_ = event.version;
      const Json* call = facts->find("call_id");
      if (call != nullptr && call->is_string()) call_id_ = *call->if_string();
    }
    remember(content);
    return true;
  }
  if (own_stream_ && is(facts->find("target_id"), message_id_)) return true;
  if (!found_) return false;
  if (own_stream_ && call_id_ && is(facts->find("call_id"), *call_id_)) return true;
  if (event.type == ContextOptimized::kType || event.type == RecordAttached::kType ||
      event.type == ResponseRequested::kType || content.find("extra") != nullptr) {
    return true;
  }
  return repeated_in(content);
}

}  // namespace hansard::events
