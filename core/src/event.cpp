#include "core/event.h"

#include "core/event_bytes.h"

namespace hansard::core {

void seal(NewEvent& event, const Hasher& hasher) {
  event.facts_hash = hasher.sha256({event.facts});
  event.content_commitment = hasher.sha256({as_bytes(event.salt), event.content});
}

Result<OwnedEvent> OwnedEvent::decode(std::string bytes) {
  if (auto event = decode_event(bytes); !event) return event.error();
  return OwnedEvent(std::move(bytes));
}

// Decoding is a few loads; keeping the views instead would break every copy and move of a short
// string.
RecordedEvent OwnedEvent::event() const { return decode_event(bytes_).value(); }

}  // namespace hansard::core
