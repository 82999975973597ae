// Paths of rules: refusals name the field, and whatever a path says, walking along it ends.
#include <string>
#include <string_view>

#include "core/assert.h"
#include "events/filter/path.h"
#include "target.h"

namespace {

using namespace hansard;
using namespace hansard::events;

void run(std::string_view bytes) {
  const auto path = JsonPath::parse(bytes, "path");
  if (!path) {
    HANSARD_ASSERT(path.error().field == "path", "a refusal says of what");
    return;
  }
  auto state = path->start();
  HANSARD_ASSERT(!path->reached(state), "a path has a step");
  for (const std::string_view name : {"a", "b", "metadata", "ssn", "a"}) {
    state = path->element(path->member(state, name), 0);
    static_cast<void>(path->reached(state));
  }
}

const fuzz::Announced announced("json_path", run);

}  // namespace
