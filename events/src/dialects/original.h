#pragma once

#include <optional>
#include <string_view>

#include "events/json.h"

/// What the dialects share in keeping an original: `extra` says which dialect it is of, and has
/// under `fields` the members that the vocabulary does not know. Null stands for what is not there.
namespace hansard::events {

/// `extra`, if it is of this dialect.
const Json* extra_for(std::string_view dialect, const std::optional<Json>& extra);

const Json* member(const Json* object, std::string_view key);
/// The text that a value is, or `otherwise`.
std::string_view text_of(const Json* json, std::string_view otherwise);
void add_members(const Json* object, Json& to);
/// The same of what stands under `fields`.
void add_fields(const Json* from, Json& to);

/// A copy of an object with another `type` and, where `from` is given, one member renamed.
Json retyped(const Json& object, std::string_view type, std::string_view from = {},
             std::string_view to = {});

}  // namespace hansard::events
