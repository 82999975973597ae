#pragma once

#include <optional>
#include <string_view>

#include "core/result.h"
#include "core/time.h"
#include "projections/query/query.h"

/// A query as it is asked from outside: with what is wanted of the answer besides.
namespace hansard::projections::query {

enum class Format : std::uint8_t { json, csv, ndjson };
std::string_view to_word(Format format);

struct Request {
  Query query;
  std::optional<core::Position> at_least;      ///< wait until the answer reflects this
  std::optional<core::Position> prices_as_of;  ///< by the prices recorded before this
  std::optional<Format> format;
  core::Timestamp asked_at;  ///< what relative times were taken from
};

/// The JSON of `json.h`, with these members besides:
///   {"at_least": 7, "prices_as_of": 90, "format": "csv"}
/// or these and {"text": "calls by model"} (`text.h`).
/// Errors: as `parse_query` and `parse_text`.
core::Result<Request> parse_request(std::string_view json, core::Timestamp now);

/// Says what stands for what was left out: a comparison without an end ends when it is asked.
void complete(Request& request);

}  // namespace hansard::projections::query
