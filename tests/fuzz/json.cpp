// What parses is written and read back as the same tree, and checking agrees with parsing.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "core/assert.h"
#include "events/json.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace hansard::events;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto json = parse_json(text);
  HANSARD_ASSERT(check_json(text).has_value() == json.has_value(),
                 "check_json accepts what parse_json accepts");
  if (!json) return 0;
  const auto again = parse_json(dump(*json));
  HANSARD_ASSERT(again.has_value() && same_tree(*json, *again), "dump loses nothing");
  return 0;
}
