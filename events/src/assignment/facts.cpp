#include "events/assignment/facts.h"

#include "events/session/ids.h"

namespace hansard::events {

std::string assignment_name(const core::ProjectId& project, std::string_view experiment, Unit kind,
                            std::string_view unit, const core::KeyedHash& hash) {
  constexpr std::size_t kNameBytes = 16;
  // The experiment's name has no zero byte, and the words of kinds are fixed.
  std::string named(experiment);
  named.push_back('\0');
  named.append(to_word(kind)).push_back('\0');
  named.append(unit);
  const core::Hash hashed = hash("assignment", project.text(), named);
  return core::to_hex(core::as_bytes(hashed).substr(0, kNameBytes));
}

}  // namespace hansard::events
