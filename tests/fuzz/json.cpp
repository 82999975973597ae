// What parses is written and read back as the same tree, checking agrees with parsing, and the raw
// members of an object are those of its tree.
#include "events/json.h"

#include <string_view>

#include "core/assert.h"
#include "events/raw_json.h"
#include "target.h"

namespace {

using namespace hansard::events;

void run(std::string_view text) {
  const auto json = parse_json(text);
  HANSARD_ASSERT(check_json(text).has_value() == json.has_value(),
                 "check_json accepts what parse_json accepts");
  const auto raw = raw_members(text);
  HANSARD_ASSERT(raw.has_value() == (json.has_value() && json->is_object()),
                 "objects have raw members");
  if (!json) return;
  const auto again = parse_json(dump(*json));
  HANSARD_ASSERT(again.has_value() && same_tree(*json, *again), "dump loses nothing");
  if (!raw) return;
  const Json::Object& members = *json->if_object();
  HANSARD_ASSERT(raw->size() == members.size(), "each member once");
  for (std::size_t i = 0; i < members.size(); ++i) {
    const auto value = parse_json((*raw)[i].value);
    HANSARD_ASSERT(value.has_value() && same_tree(*value, members[i].value), "with its value");
  }
}

const hansard::fuzz::Announced announced("json", run);

}  // namespace
