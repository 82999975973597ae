// Pieces as a client of the import sends them: what is accepted is written again as itself.
#include <string>
#include <string_view>
#include <utility>

#include "core/assert.h"
#include "events/json.h"
#include "importers/piece_json.h"
#include "target.h"

namespace {

using namespace hansard;

void run(std::string_view bytes) {
  auto json = events::parse_json(bytes);
  if (!json) return;
  const auto item = importers::read_item(*std::move(json), "item");
  if (!item) {
    HANSARD_ASSERT(!item.error().message.empty(), "a refusal says why");
    return;
  }
  const std::string text = importers::write_item(*item);
  auto again = importers::read_item(events::parse_json(text).value(), "item");
  HANSARD_ASSERT(again.has_value(), "what was accepted is accepted again");
  HANSARD_ASSERT(importers::write_item(*again) == text, "and is the same");
}

const fuzz::Announced announced("import_item", run);

}  // namespace
