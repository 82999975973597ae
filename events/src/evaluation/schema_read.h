#pragma once

#include <map>
#include <string>

#include "events/evaluation/json_schema.h"
#include "events/pattern.h"

/// A schema as it was read. Private to src/evaluation.
namespace hansard::events {

struct JsonSchema::Read {
  Json root;
  std::map<const Json*, Pattern> patterns;              ///< by the value of `pattern`
  std::map<std::string, Pattern, std::less<>> members;  ///< by a member of `patternProperties`
};

/// What a pointer like `#/definitions/a` names, or nullptr.
const Json* resolve(const Json& root, std::string_view reference);

}  // namespace hansard::events
