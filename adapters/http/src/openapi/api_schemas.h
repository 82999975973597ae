#pragma once

#include <span>
#include <string>
#include <string_view>

#include "http/json_out.h"
#include "http/route_doc.h"

namespace hansard::http {

/// The schemas of answers, and of bodies that are no typed command. A name means the same in both.
std::span<const SchemaDoc> log_schemas();      ///< events, frames, writes, and what operates
std::span<const SchemaDoc> session_schemas();  ///< conversations, and what explains them
std::span<const SchemaDoc> query_schemas();    ///< queries and their answers
std::span<const SchemaDoc> price_schemas();    ///< prices, estimates, costs before and after

/// Schemas that are no objects, and those that are one of several: members of an object, as text.
std::string_view plain_schemas();

/// Writes `"<name>":{...}`. @pre `...` in it names one of the lists above.
void add_schema(JsonOut& json, const SchemaDoc& doc);

/// `{"$ref":...}`
std::string schema_reference(std::string_view name);

}  // namespace hansard::http
