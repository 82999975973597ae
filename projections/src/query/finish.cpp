#include "finish.h"

#include <algorithm>
#include <numeric>

#include "projections/query/names.h"

namespace hansard::projections::query {
namespace {

/// A place in the order: a column of cells or of keys.
struct Criterion {
  bool cell = false;
  std::size_t at = 0;
  bool descending = false;
};

/// Unknown is least. Whole numbers are compared as such, however large.
int compare(const Cell& a, const Cell& b) {
  if (a.known != b.known) return a.known ? 1 : -1;
  if (!a.known) return 0;
  if (a.whole && b.whole) return a.integer < b.integer ? -1 : a.integer > b.integer ? 1 : 0;
  return a.number() < b.number() ? -1 : a.number() > b.number() ? 1 : 0;
}

int compare(const Key& a, const Key& b, bool by_text) {
  if (!a.text || !b.text) return int{a.text.has_value()} - int{b.text.has_value()};
  if (by_text) return a.text->compare(*b.text);
  return a.order < b.order ? -1 : a.order > b.order ? 1 : 0;
}

/// @param cells  of one group.
bool is_kept(const Query& query, const Cell* cells) {
  for (const Having& having : query.having) {
    const auto found =
        std::find(query.aggregates.begin(), query.aggregates.end(), having.aggregate);
    const Cell& cell = cells[found - query.aggregates.begin()];
    if (!cell.known) return false;
    if (having.min && cell.number() < *having.min) return false;
    if (having.max && cell.number() > *having.max) return false;
  }
  return true;
}

std::vector<Criterion> criteria_of(const Query& query) {
  std::vector<Criterion> criteria;
  for (const Order& order : query.order) {
    Criterion criterion{std::holds_alternative<Aggregate>(order.by), 0, order.descending};
    if (criterion.cell) {
      const auto& wanted = std::get<Aggregate>(order.by);
      const auto found = std::find(query.aggregates.begin(), query.aggregates.end(), wanted);
      criterion.at = static_cast<std::size_t>(found - query.aggregates.begin());
    } else {
      const auto& wanted = std::get<DimensionRef>(order.by);
      const auto found = std::find(query.group_by.begin(), query.group_by.end(), wanted);
      criterion.at = static_cast<std::size_t>(found - query.group_by.begin());
    }
    criteria.push_back(criterion);
  }
  const bool by_time = !query.group_by.empty() && is_time(query.group_by.front().dimension);
  if (criteria.empty() && !by_time) criteria.push_back({true, 0, true});
  for (std::size_t i = 0; i < query.group_by.size(); ++i) criteria.push_back({false, i, false});
  return criteria;
}

/// The groups of a query as they stand before they are put in order: codes and cells in rows.
class Table {
 public:
  Table(const Query& query, const GroupIndex& groups, std::vector<Coder>& coders,
        Aggregation& aggregation)
      : query_(query), coders_(coders), aggregation_(aggregation), criteria_(criteria_of(query)) {
    const std::size_t dimensions = coders.size();
    codes_.resize(groups.size() * dimensions);
    cells_.reserve(groups.size() * query.aggregates.size());
    for (std::size_t group = 0; group < groups.size(); ++group) {
      std::uint64_t key = groups.keys()[group];
      for (std::size_t d = dimensions; d-- > 0;) {
        codes_[group * dimensions + d] = key % coders[d].space();
        key /= coders[d].space();
      }
      for (const Aggregate& aggregate : query.aggregates) {
        cells_.push_back(aggregation.cell(aggregate, static_cast<std::uint32_t>(group)));
      }
    }
  }

  [[nodiscard]] bool kept(std::size_t group) const {
    return is_kept(query_, &cells_[group * query_.aggregates.size()]);
  }

  bool less(std::size_t a, std::size_t b) {
    for (const Criterion& criterion : criteria_) {
      const int order = criterion.cell ? compare(cell_at(a, criterion.at), cell_at(b, criterion.at))
                                       : coders_[criterion.at].compare(code_at(a, criterion.at),
                                                                       code_at(b, criterion.at));
      if (order != 0) return criterion.descending ? order > 0 : order < 0;
    }
    return false;
  }

  core::Result<Group> group(std::size_t at) {
    Group group;
    group.calls = aggregation_.calls(static_cast<std::uint32_t>(at));
    for (std::size_t d = 0; d < coders_.size(); ++d) {
      auto key = coders_[d].key(code_at(at, d));
      if (!key) return key.error();
      group.keys.push_back(*std::move(key));
    }
    for (std::size_t i = 0; i < query_.aggregates.size(); ++i) {
      group.cells.push_back(cell_at(at, i));
    }
    return group;
  }

 private:
  [[nodiscard]] const Cell& cell_at(std::size_t group, std::size_t i) const {
    return cells_[group * query_.aggregates.size() + i];
  }
  [[nodiscard]] std::uint64_t code_at(std::size_t group, std::size_t d) const {
    return codes_[group * coders_.size() + d];
  }

  const Query& query_;
  std::vector<Coder>& coders_;
  const Aggregation& aggregation_;
  std::vector<Criterion> criteria_;
  std::vector<std::uint64_t> codes_;
  std::vector<Cell> cells_;
};

}  // namespace

core::Status finish(const Query& query, const GroupIndex& groups, std::vector<Coder>& coders,
                    Aggregation& aggregation, Answer& answer) {
  Table table(query, groups, coders, aggregation);
  std::vector<std::uint32_t> order;
  for (std::uint32_t group = 0; group < groups.size(); ++group) {
    if (table.kept(group)) order.push_back(group);
  }
  answer.groups_before_limit = order.size();
  const std::size_t shown =
      query.limit ? static_cast<std::size_t>(std::min<std::uint64_t>(*query.limit, order.size()))
                  : order.size();
  const auto less = [&](std::uint32_t a, std::uint32_t b) { return table.less(a, b); };
  if (shown == order.size()) {
    std::sort(order.begin(), order.end(), less);
  } else {
    std::partial_sort(order.begin(), order.begin() + static_cast<std::ptrdiff_t>(shown),
                      order.end(), less);
  }
  for (const Coder& coder : coders) {
    if (!coder.status()) return coder.status();
  }
  for (std::size_t i = 0; i < shown; ++i) {
    auto group = table.group(order[i]);
    if (!group) return group.error();
    answer.groups.push_back(*std::move(group));
  }
  return core::Ok{};
}

std::vector<Group> arranged(const Query& query, std::vector<Group> groups) {
  const auto dropped = [&](const Group& group) { return !is_kept(query, group.cells.data()); };
  groups.erase(std::remove_if(groups.begin(), groups.end(), dropped), groups.end());
  const std::vector<Criterion> criteria = criteria_of(query);
  std::vector<bool> texts;
  for (const DimensionRef& dimension : query.group_by) {
    texts.push_back(facts::info(column_of(dimension.dimension)).kind ==
                    facts::ColumnKind::dictionary);
  }
  std::stable_sort(groups.begin(), groups.end(), [&](const Group& a, const Group& b) {
    for (const Criterion& criterion : criteria) {
      const std::size_t at = criterion.at;
      const int order = criterion.cell ? compare(a.cells[at], b.cells[at])
                                       : compare(a.keys[at], b.keys[at], texts[at]);
      if (order != 0) return criterion.descending ? order > 0 : order < 0;
    }
    return false;
  });
  return groups;
}

}  // namespace hansard::projections::query
