// Any bytes either decode or are refused; what decodes stays inside its input and is written again
// as the same bytes: the audit tree hashes them.
#include "core/event_bytes.h"

#include <string>
#include <string_view>

#include "core/assert.h"
#include "target.h"

namespace {

void run(std::string_view bytes) {
  const auto event = hansard::core::decode_event(bytes);
  if (!event) return;
  for (const std::string_view view :
       {event->type, event->project, event->stream, event->facts, event->content}) {
    HANSARD_ASSERT(view.empty() || (view.data() >= bytes.data() &&
                                    view.data() + view.size() <= bytes.data() + bytes.size()),
                   "a decoded event points into its bytes");
  }
  std::string again;
  hansard::core::encode_recorded(*event, again);
  HANSARD_ASSERT(again == bytes, "an event has one stored form");
}

const hansard::fuzz::Announced announced("event_bytes", run);

}  // namespace
