// Any bytes either decode or are refused; what decodes stays inside its input.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "core/assert.h"
#include "core/event_bytes.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  const auto event = hansard::core::decode_event(bytes);
  if (!event) return 0;
  for (const std::string_view view :
       {event->type, event->project, event->stream, event->facts, event->content}) {
    HANSARD_ASSERT(view.empty() || (view.data() >= bytes.data() &&
                                    view.data() + view.size() <= bytes.data() + bytes.size()),
                   "a decoded event points into its bytes");
  }
  return 0;
}
