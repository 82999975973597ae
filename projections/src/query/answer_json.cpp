#include "projections/json.h"
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

Json shown(const Key& key) {
  if (key.erased) return kErasedText;
  return key.text ? Json(*key.text) : Json(nullptr);
}

/// True when it is of interest for how many calls the aggregate is known.
bool tells_of(const Aggregate& aggregate) {
  return !aggregate.distinct_of && aggregate.function != Function::count;
}

}  // namespace

Json to_json(const Answer& answer, const Group& group) {
  Json out = Json::Object{};
  Json hashes;
  Json erased;
  for (std::size_t i = 0; i < group.keys.size(); ++i) {
    const Key& key = group.keys[i];
    out.add(to_text(answer.group_by[i]), shown(key));
    if (!key.hash.empty()) hashes.add(to_text(answer.group_by[i]), key.hash);
    if (key.erased) erased.push(to_text(answer.group_by[i]));
  }
  Json of;
  for (std::size_t i = 0; i < group.cells.size(); ++i) {
    const Aggregate& aggregate = answer.aggregates[i];
    const Cell& cell = group.cells[i];
    out.add(to_text(aggregate), shown(cell));
    if (tells_of(aggregate) && cell.of != group.calls) of.add(to_text(aggregate), cell.of);
  }
  if (!group.earlier.empty()) {
    Json previous;
    Json change;
    for (std::size_t i = 0; i < group.cells.size(); ++i) {
      const std::string name = to_text(answer.aggregates[i]);
      previous.add(name, shown(group.earlier[i]));
      const auto percent = change_percent(group.cells[i], group.earlier[i]);
      change.add(name, percent ? Json::number(*percent) : Json(nullptr));
    }
    out.add("previous", std::move(previous));
    out.add("change_percent", std::move(change));
  }
  if (!of.is_null()) out.add("of", std::move(of));
  if (!hashes.is_null()) out.add("hashes", std::move(hashes));
  if (!erased.is_null()) out.add("erased", std::move(erased));
  return out;
}

Json head_to_json(const Answer& answer) {
  Json out = Json::Object{};
  Json as_of = Json::Object{};
  as_of.add("position", answer.as_of.value);
  out.add("as_of", std::move(as_of));
  if (answer.asked_at) out.add("asked_at", core::format_time(*answer.asked_at));
  Json group_by = Json::Array{};
  for (const DimensionRef& dimension : answer.group_by) group_by.push(to_text(dimension));
  out.add("group_by", std::move(group_by));
  Json measures = Json::Array{};
  for (const Aggregate& aggregate : answer.aggregates) measures.push(to_text(aggregate));
  out.add("measures", std::move(measures));
  if (answer.zone != "UTC") out.add("zone", answer.zone);
  if (answer.table != facts::Table::calls) out.add("table", facts::to_word(answer.table));
  if (answer.from) out.add("from", core::format_time(*answer.from));
  if (answer.to) out.add("to", core::format_time(*answer.to));
  out.add("total_groups", answer.groups_before_limit);
  out.add("calls", answer.calls);
  const auto count = [&](const char* name, std::uint64_t calls) {
    if (calls > 0) out.add(name, calls);
  };
  count("calls_without_usage", answer.calls_without_usage);
  count("calls_estimated", answer.calls_estimated);
  count("calls_unpriced", answer.calls_unpriced);
  count("calls_partly_priced", answer.calls_partly_priced);
  count("calls_cost_estimated", answer.calls_cost_estimated);
  count("undated_calls_left_out", answer.undated_left_out);
  if (!answer.books.empty()) {
    Json books = Json::Array{};
    for (const std::string& book : answer.books) books.push(book);
    out.add("books", std::move(books));
  }
  if (answer.percentiles == PercentileMethod::exact) out.add("percentiles", "exact");
  if (answer.percentiles == PercentileMethod::sketch) {
    out.add("percentiles", "sketch");
    out.add("percentile_accuracy", Json::number(kSketchAccuracy));
  }
  if (answer.earlier) {
    Json previous = head_to_json(*answer.earlier);
    Json kept;
    for (const auto& [key, value] : *previous.if_object()) {
      const bool again = key == "as_of" || key == "group_by" || key == "measures" ||
                         key == "total_groups" || key == "zone" || key == "table";
      if (!again) kept.add(key, value);
    }
    out.add("previous", std::move(kept));
  }
  return out;
}

Json to_json(const Answer& answer) {
  Json out = head_to_json(answer);
  Json groups = Json::Array{};
  for (const Group& group : answer.groups) groups.push(to_json(answer, group));
  out.add("groups", std::move(groups));
  return out;
}

}  // namespace hansard::projections::query
