#pragma once

#include <string_view>
#include <vector>

#include "core/result.h"

namespace hansard::events {

/// A member of an object as it is written.
struct RawMember {
  std::string_view key;    ///< between its quotes, escapes untouched
  std::string_view value;  ///< without the white space around it
};

/// The members of an object, in order, for readers that need the very bytes of a value. All of
/// `object` is validated first; the views point into it.
/// Errors: those of `check_json`; invalid_argument when it is no object.
/// Cost: `check_json`, and one pass over the bytes.
core::Result<std::vector<RawMember>> raw_members(std::string_view object);

}  // namespace hansard::events
