// A query in JSON is read or refused by its field; what is read has measures, known names and
// bounds.
#include <string_view>

#include "core/assert.h"
#include "projections/query/json.h"
#include "projections/query/names.h"
#include "projections/query/request.h"
#include "target.h"

namespace {

using namespace hansard::projections::query;
using hansard::core::Errc;

void run(std::string_view bytes) {
  const hansard::core::Timestamp now{std::chrono::seconds(1'795'000'000)};
  const auto read = parse_request(bytes, now);
  if (!read) {
    const Errc code = read.error().code;
    HANSARD_ASSERT(
        code == Errc::invalid_argument || code == Errc::too_large || code == Errc::unsupported,
        "only the body can be wrong");
    HANSARD_ASSERT(!read.error().message.empty(), "and it is said how");
    return;
  }
  const Query& query = read->query;
  HANSARD_ASSERT(!query.aggregates.empty(), "something is asked for");
  HANSARD_ASSERT(query.aggregates.size() <= 256 && query.group_by.size() <= 256,
                 "lists are bounded");
  for (const Aggregate& one : query.aggregates) {
    const auto again = parse_aggregate(to_text(one), "again");
    HANSARD_ASSERT(again && *again == one, "a measure is read as it is written");
  }
  for (const DimensionFilter& one : query.where) {
    HANSARD_ASSERT(one.values.size() <= kValuesMax, "values are bounded");
    HANSARD_ASSERT(one.values.empty() == (one.min || one.max), "values or bounds");
  }
  for (const MeasureFilter& one : query.where_measure) {
    HANSARD_ASSERT(one.min || one.max, "a filter has a bound");
  }
  HANSARD_ASSERT(query.limit && *query.limit <= kLimitMax, "limits are bounded");
  HANSARD_ASSERT(read->asked_at == now, "times count from when it is asked");
  const bool ends = query.compare == Compare::nothing || query.to.has_value();
  HANSARD_ASSERT(ends, "a comparison has an end");
}

const hansard::fuzz::Announced announced("query_json", run);

}  // namespace
