#pragma once

#include <span>

#include "core/result.h"
#include "prompt/syntax.h"

namespace hansard::events::prompt {

/// What a value prints as: text as it is, null nothing, lists and objects as JSON.
std::string printed(const Json& value);
/// What counts as false: null, false, 0, and what is empty.
bool truthy(const Json& value);
/// Equal numbers are equal however they are written.
bool equal(const Json& a, const Json& b);

/// Applies a helper but `default`, which decides before its value is known to be there.
/// @pre as many arguments as `helper_shape` allows.
/// Errors: at `place`: of the wrong kind, too_large (over kRenderedBytesMax).
core::Result<Json> apply_helper(std::string_view name, Place place, const Json& value,
                                std::span<const Json> arguments);

}  // namespace hansard::events::prompt
