// A question as people type it is read or refused, the same each time; what is wrong lies within
// the text; what is read says the same when its names are written and read again.
#include <algorithm>
#include <string>
#include <string_view>
#include <variant>

#include "core/assert.h"
#include "projections/query/json.h"
#include "projections/query/names.h"
#include "projections/query/text.h"
#include "target.h"

namespace {

using namespace hansard::projections::query;

/// Characters, counting what begins one.
std::size_t characters(std::string_view text) {
  return 1 + static_cast<std::size_t>(std::count_if(text.begin(), text.end(), [](char c) {
           return (static_cast<unsigned char>(c) & 0xc0) != 0x80;
         }));
}

void check(const Query& query) {
  HANSARD_ASSERT(!query.aggregates.empty(), "something is asked for");
  for (const Aggregate& one : query.aggregates) {
    const auto again = parse_aggregate(to_text(one), "again");
    HANSARD_ASSERT(again && *again == one, "a measure is read as it is written");
    HANSARD_ASSERT(one.distinct_of ? is_of(query.table, one.distinct_of->dimension)
                                   : is_of(query.table, one.measure),
                   "measures are of the table");
  }
  for (const DimensionRef& one : query.group_by) {
    const auto again = parse_dimension(to_text(one), "again");
    HANSARD_ASSERT(again && *again == one, "a dimension is read as it is written");
    HANSARD_ASSERT(is_of(query.table, one.dimension), "dimensions are of the table");
  }
  for (const DimensionFilter& one : query.where) {
    HANSARD_ASSERT(one.values.empty() == (one.min || one.max), "values or bounds");
  }
  if (query.from && query.to) HANSARD_ASSERT(*query.from < *query.to, "a period has a length");
  HANSARD_ASSERT(!query.limit || *query.limit <= kLimitMax, "limits are bounded");
}

void run(std::string_view bytes) {
  const hansard::core::Timestamp now{std::chrono::seconds(1'795'000'000)};
  const auto read = read_text(bytes, now);
  const auto again = parse_text(bytes, now);
  if (const auto* error = std::get_if<TextError>(&read)) {
    HANSARD_ASSERT(!again && again.error().field == "text", "refused is refused");
    HANSARD_ASSERT(error->column >= 1 && error->length >= 1, "columns count from 1");
    HANSARD_ASSERT(error->column <= characters(bytes) + 1, "what is wrong lies within the text");
    HANSARD_ASSERT(!error->message.empty(), "and is said");
    return;
  }
  HANSARD_ASSERT(again.has_value(), "read is read");
  check(std::get<Request>(read).query);
}

const hansard::fuzz::Announced announced("query_text", run);

}  // namespace
