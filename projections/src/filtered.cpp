#include "projections/filtered.h"

namespace hansard::projections {

std::string filtered_text(const events::Json* filtered) {
  std::string text;
  if (filtered == nullptr || !filtered->is_object()) return text;
  for (const events::Json::Member& rule : *filtered->if_object()) {
    text += (text.empty() ? "removed: " : ", ") + rule.key + " " + events::dump(rule.value);
  }
  return text;
}

}  // namespace hansard::projections
