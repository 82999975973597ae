// What queries and their answers look like.
#include "openapi/api_schemas.h"

namespace hansard::http {

namespace {

using Others = SchemaDoc::Others;

constexpr MemberDoc kQueryBody[] = {
    {"text?", "text", "The whole question as people type it, instead of the rest up to `as_of`."},
    {"table?", "calls|tool_calls|scores|optimisations", "Rows of what; calls unless said."},
    {"measures?", "list of text",
     "Required without `text`. What to compute: calls, sum(tokens), p95(latency_us), "
     "count_distinct(user), ..."},
    {"group_by?", "list of text", "Dimensions: model, user, day, tag:<key>, ..."},
    {"where?", "object",
     "By dimension: a value, several, null for not known, not (of these), or min and max; by "
     "measure: min and "
     "max."},
    {"from?", "text", "The first day, or a time."},
    {"to?", "text", "The first moment left out; of a day, its beginning."},
    {"zone?", "text", "Time zone of days and the like, such as Europe/Berlin; UTC unless said."},
    {"compare?", "=previous", "Puts each group beside the same of the period before."},
    {"having?", "object", "By measure: groups with at least min and at most max of it."},
    {"order?", "list of text", "Dimensions and measures; a minus before a name: most first."},
    {"limit?", "count", "Groups to tell; 1,000 unless said, at most 100,000."},
    {"as_of?", "Position", "Only what was recorded before this position."},
    {"at_least?", "Position", "Wait until everything below this position is in the answer."},
    {"prices_as_of?", "Position", "By the prices recorded before this position."},
    {"format?", "json|csv|ndjson", "Of the answer; else the header Accept says it."},
};
constexpr MemberDoc kQueryAsOf[] = {
    {"position", "Position", "One past the last position that this reflects."},
};
constexpr MemberDoc kQueryHead[] = {
    {"as_of", "QueryAsOf", "The moment that this tells."},
    {"asked_at", "Time", "When it was asked."},
    {"group_by", "list of text", "As asked."},
    {"measures", "list of text", "As asked, in full."},
    {"zone?", "text", "Time zone of days and the like, where not UTC."},
    {"table?", "tool_calls|scores|optimisations", "Rows of what, where not calls."},
    {"from?", "Time", "The first moment, where one was asked for."},
    {"to?", "Time", "The first moment left out, likewise."},
    {"total_groups", "count", "How many there are, without the limit."},
    {"calls", "count", "Calls that the filters kept."},
    {"calls_without_usage?", "count", "Of them, those whose tokens nobody told."},
    {"calls_estimated?", "count", "Of them, those whose tokens are an estimate."},
    {"calls_unpriced?", "count", "Of them, those that have tokens and no price."},
    {"calls_partly_priced?", "count", "Of them, those of which something has no price."},
    {"calls_cost_estimated?", "count", "Of them, those priced by an assumption or an estimate."},
    {"books?", "list of text", "Price books that the costs rest on, with their versions."},
    {"undated_calls_left_out?", "count", "Calls without a time, where days were chosen."},
    {"previous?", "object", "Of a comparison: from, to and the counts above of the period before."},
    {"percentiles?", "exact|sketch", "How percentiles were computed."},
    {"percentile_accuracy?", R"({"type":"number"})", "Of sketches: how far off, in proportion."},
};
constexpr MemberDoc kQueryGroup[] = {
    {"previous?", "object", "Of a comparison: the measures in the period before."},
    {"change_percent?", "object", "Likewise, how far they are from that; null where none can be."},
    {"of?", "map of count", "Of how many of the group's calls a measure is known, where not all."},
    {"hashes?", "map of text", "Keyed hashes of the user and of tags' values."},
    {"erased?", "list of text", "Dimensions whose name has been erased."},
    {"window?", "count", "Of a report: tokens that the group's model takes at most."},
};
constexpr MemberDoc kQueryAnswer[] = {
    {"...", "QueryHead", ""},
    {"groups", "list of QueryGroup", "One for each that occurs, in order."},
    {"checkpoint", "Position", "As `as_of`, for `at_least`."},
};

constexpr SchemaDoc kSchemas[] = {
    {"QueryBody", "A question over calls.", kQueryBody, Others::refused},
    {"QueryAsOf", "A moment of the log.", kQueryAsOf},
    {"QueryHead", "What holds for all groups of an answer.", kQueryHead},
    {"QueryGroup",
     "A group: its dimensions and measures by their names (null: not known), costs in pico-USD.",
     kQueryGroup, Others::verbatim},
    {"QueryAnswer", "The answer to a query.", kQueryAnswer},
};

}  // namespace

std::span<const SchemaDoc> query_schemas() { return kSchemas; }

}  // namespace hansard::http
