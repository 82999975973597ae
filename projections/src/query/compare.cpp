#include "compare.h"

#include <algorithm>
#include <unordered_map>
#include <utility>

#include "finish.h"
#include "projections/query/names.h"
#include "time_units.h"

namespace hansard::projections::query {
namespace {

/// What a group without any call has.
Cell empty_cell(const Aggregate& aggregate) {
  Cell cell;
  const bool counts = aggregate.distinct_of || aggregate.function == Function::count;
  const bool rows =
      aggregate.function == Function::sum &&
      (aggregate.measure == Measure::calls || aggregate.measure == Measure::errors ||
       aggregate.measure == Measure::scores || aggregate.measure == Measure::optimisations);
  cell.known = counts || rows;
  cell.whole = counts || (aggregate.function != Function::avg && scale_of(aggregate.measure) == 1);
  return cell;
}

/// Puts the groups of both periods together by their keys; units of time by their distance from the
/// period's beginning, as calendars count.
class Pairs {
 public:
  Pairs(const Query& query, const Answer& now, const Answer& before) : query_(query) {
    for (const DimensionRef& dimension : query.group_by) {
      std::int64_t later = 0;
      if (is_time(dimension.dimension)) {
        later = unit_number(query.zone, dimension.dimension, *now.from) -
                unit_number(query.zone, dimension.dimension, *before.from);
      }
      later_.push_back(later);
    }
  }

  void add_now(Group group) {
    group.earlier = empty_cells();
    index_.emplace(unique(names_now_, name(group, false)), groups_.size());
    groups_.push_back(std::move(group));
  }

  void add_before(Group group) {
    const auto found = index_.find(unique(names_before_, name(group, true)));
    if (found != index_.end()) {
      groups_[found->second].earlier = std::move(group.cells);
      groups_[found->second].earlier_calls = group.calls;
      return;
    }
    for (std::size_t d = 0; d < group.keys.size(); ++d) {
      const Dimension unit = query_.group_by[d].dimension;
      if (!is_time(unit) || !group.keys[d].text) continue;
      group.keys[d] = unit_key(query_.zone, unit, number(group, d) + later_[d]);
    }
    group.earlier = std::exchange(group.cells, empty_cells());
    group.earlier_calls = std::exchange(group.calls, 0);
    groups_.push_back(std::move(group));
  }

  std::vector<Group> take() { return std::move(groups_); }

 private:
  using Seen = std::unordered_map<std::string, std::size_t>;

  [[nodiscard]] std::vector<Cell> empty_cells() const {
    std::vector<Cell> cells;
    for (const Aggregate& aggregate : query_.aggregates) cells.push_back(empty_cell(aggregate));
    return cells;
  }
  [[nodiscard]] std::int64_t number(const Group& group, std::size_t d) const {
    return unit_number(query_.zone, query_.group_by[d].dimension,
                       core::Timestamp(std::chrono::microseconds(group.keys[d].order)));
  }
  [[nodiscard]] std::string name(const Group& group, bool before) const {
    std::string name;
    for (std::size_t d = 0; d < group.keys.size(); ++d) {
      const Key& key = group.keys[d];
      if (!key.text) {
        name += "-;";
      } else if (is_time(query_.group_by[d].dimension)) {
        name += std::to_string(number(group, d) + (before ? later_[d] : 0)) + ";";
      } else {
        name += std::to_string(key.text->size()) + ":" + *key.text;
      }
    }
    return name;
  }
  /// An hour that clocks show twice has a name twice: the first goes with the first.
  static std::string unique(Seen& seen, const std::string& name) {
    const std::size_t times = ++seen[name];
    return times == 1 ? name : name + "#" + std::to_string(times);
  }

  const Query& query_;
  std::vector<std::int64_t> later_;
  std::vector<Group> groups_;
  std::unordered_map<std::string, std::size_t> index_;
  Seen names_now_;
  Seen names_before_;
};

}  // namespace

Answer side_by_side(const Query& query, Answer now, Answer before) {
  Pairs pairs(query, now, before);
  for (Group& group : now.groups) pairs.add_now(std::move(group));
  for (Group& group : before.groups) pairs.add_before(std::move(group));
  now.groups = arranged(query, pairs.take());
  now.groups_before_limit = now.groups.size();
  if (query.limit && *query.limit < now.groups.size()) {
    now.groups.resize(static_cast<std::size_t>(*query.limit));
  }
  before.groups.clear();
  before.groups_before_limit = 0;
  now.earlier = std::make_shared<const Answer>(std::move(before));
  return now;
}

}  // namespace hansard::projections::query
