// Payloads of session events: what the strict reader accepts is stored in one form that reads back,
// and the fast reader of the views sees the numbers that the codec sees.
// Input: the type, the facts and the content, a line each.
#include <algorithm>
#include <string>
#include <string_view>
#include <variant>

#include "core/assert.h"
#include "core/event.h"
#include "events/session/codec.h"
#include "events/session/fast_facts.h"
#include "target.h"

namespace {

using namespace hansard;

std::string_view take_line(std::string_view& bytes) {
  const std::string_view line = bytes.substr(0, bytes.find('\n'));
  bytes.remove_prefix(std::min(line.size() + 1, bytes.size()));
  return line;
}

template <class Outcome>
void compare(const events::CallFacts& fast, const Outcome& event) {
  HANSARD_ASSERT(fast.provider == event.provider, "the provider");
  HANSARD_ASSERT(fast.model == event.model, "the model");
  HANSARD_ASSERT(fast.latency_us == event.latency_us, "the time it took");
}

void judge_fast(const core::RecordedEvent& stored, const events::SessionEvent& event) {
  const auto* received = std::get_if<events::ResponseReceived>(&event);
  if (received == nullptr && !std::holds_alternative<events::ResponseFailed>(event)) return;
  const auto fast = events::call_facts(stored);
  HANSARD_ASSERT(fast.has_value(), "the fast reader takes what the codec takes");
  if (received == nullptr) return;
  HANSARD_ASSERT(fast->choice == received->choice && fast->usage == received->usage,
                 "with the same numbers");
  compare(*fast, *received);
}

void run(std::string_view bytes) {
  const std::string_view type = take_line(bytes);
  const std::string_view facts = take_line(bytes);
  const events::SessionCodec& codec = events::session_codec();
  const auto event = codec.decode_strict(type, 1, facts, bytes);
  if (!event || std::holds_alternative<events::Unrecognised>(*event)) return;
  const events::EncodedEvent encoded = codec.encode(*event);
  const auto again =
      codec.decode_strict(encoded.type, encoded.schema, encoded.facts, encoded.content);
  HANSARD_ASSERT(again.has_value(), "what is written is read");
  const events::EncodedEvent twice = codec.encode(*again);
  HANSARD_ASSERT(encoded.facts == twice.facts && encoded.content == twice.content,
                 "equal events have equal bytes");

  core::RecordedEvent stored;
  stored.type = encoded.type;
  stored.schema = encoded.schema;
  stored.facts = encoded.facts;
  stored.content = encoded.content;
  const auto decoded = codec.decode(stored);
  HANSARD_ASSERT(
      decoded.has_value() && decoded->unknown_facts.empty() && decoded->unknown_content.empty(),
      "what is stored is known");
  judge_fast(stored, decoded->event);
}

const fuzz::Announced announced("session_events", run);

}  // namespace
