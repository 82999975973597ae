#pragma once

#include <optional>

#include "core/result.h"
#include "events/json.h"

/// The difference of two JSON trees, as small as they are alike. For what is nearly known already:
/// a message as a client echoes it, beside the message as it was recorded. Pure.
///
/// A patch is one of
///   {"=": value}        the whole value becomes this
///   {"-": true}         the member is dropped
///   {"in": {key: patch, ...}}    of an object: its members; a new key has a `=` patch
///   {"at": {"0": patch, ...}}    of an array: its elements, by index
namespace hansard::events {

/// Nothing when both are the same tree (`same_tree`). Objects with a repeated key and arrays of
/// different lengths are replaced whole.
std::optional<Json> diff_tree(const Json& from, const Json& to);

/// `diff_tree(a, b)` applied to `a` is the same tree as `b`.
/// Errors: corruption (the patch does not fit the value).
core::Result<Json> apply_patch(Json value, const Json& patch);

}  // namespace hansard::events
