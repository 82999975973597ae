#include "projections/query/json.h"
#include "projections/query/names.h"
#include "projections/query/sketch.h"

namespace hansard::projections::query {
namespace {

using events::Json;

Json shown(const Cell& cell) {
  if (!cell.known) return nullptr;
  return cell.whole ? Json(Json::Number{to_text(cell.integer)}) : Json::number(cell.real);
}

Json shown(const Key& key) { return key.text ? Json(*key.text) : Json(nullptr); }

/// True when it is of interest for how many calls the aggregate is known.
bool tells_of(const Aggregate& aggregate) {
  return !aggregate.distinct_of && aggregate.function != Function::count;
}

}  // namespace

Json to_json(const Answer& answer) {
  Json groups = Json::Array{};
  for (const Group& group : answer.groups) {
    Json out = Json::Object{};
    for (std::size_t i = 0; i < group.keys.size(); ++i) {
      out.add(to_text(answer.group_by[i]), shown(group.keys[i]));
    }
    Json of;
    for (std::size_t i = 0; i < group.cells.size(); ++i) {
      const Aggregate& aggregate = answer.aggregates[i];
      const Cell& cell = group.cells[i];
      out.add(to_text(aggregate), shown(cell));
      if (tells_of(aggregate) && cell.of != group.calls) of.add(to_text(aggregate), cell.of);
    }
    if (!of.is_null()) out.add("of", std::move(of));
    groups.push(std::move(out));
  }
  Json out = Json::Object{};
  Json as_of = Json::Object{};
  as_of.add("position", answer.as_of.value);
  out.add("as_of", std::move(as_of));
  out.add("groups", std::move(groups));
  out.add("total_groups", answer.groups_before_limit);
  out.add("calls", answer.calls);
  if (answer.calls_without_usage > 0) out.add("calls_without_usage", answer.calls_without_usage);
  if (answer.calls_estimated > 0) out.add("calls_estimated", answer.calls_estimated);
  if (answer.calls_unpriced > 0) out.add("calls_unpriced", answer.calls_unpriced);
  if (answer.calls_partly_priced > 0) out.add("calls_partly_priced", answer.calls_partly_priced);
  if (answer.calls_cost_estimated > 0) out.add("calls_cost_estimated", answer.calls_cost_estimated);
  if (answer.undated_left_out > 0) out.add("undated_calls_left_out", answer.undated_left_out);
  if (answer.percentiles == PercentileMethod::exact) out.add("percentiles", "exact");
  if (answer.percentiles == PercentileMethod::sketch) {
    out.add("percentiles", "sketch");
    out.add("percentile_accuracy", Json::number(kSketchAccuracy));
  }
  return out;
}

}  // namespace hansard::projections::query
