#include "plan.h"

#include <algorithm>

namespace hansard::projections::query {
namespace {

using facts::Column;
using facts::index_of;

/// Wanted values of a filter are looked up in an array while its dimension has no more than this.
constexpr std::uint64_t kWantedArrayMax = std::uint64_t{1} << 22;
/// Keys of groups are one number below this.
constexpr std::uint64_t kKeySpaceMax = std::uint64_t{1} << 62;

void need(Columns& columns, const std::vector<Column>& more) {
  for (const Column column : more) columns.set(index_of(column));
}

}  // namespace

bool Wanted::may_keep(const facts::Segment& segment) const {
  if (negated) return true;
  // A range between two values may lie within a segment that has neither.
  return range ? segment.zone(coder.column()).any : coder.may_have(segment, codes);
}

bool Wanted::has(std::uint64_t code) const {
  if (range) return code >= codes.front() && code <= codes.back();
  if (!array.empty()) return array[static_cast<std::size_t>(code)];
  return std::binary_search(codes.begin(), codes.end(), code);
}

core::Result<Plan> Plan::make(const facts::Reader& reader, const core::KeyedHash& hash,
                              const Query& query, const Options& options) {
  Plan plan;
  plan.reader = &reader;
  plan.query = &query;
  plan.options = &options;
  plan.as_of = query.as_of.value_or(reader.checkpoint());
  if (plan.as_of > reader.checkpoint()) {
    return core::Error{core::Errc::invalid_argument,
                       "as_of: the view of " + std::string(facts::to_word(query.table)) +
                           " reaches to " + std::to_string(reader.checkpoint().value),
                       "as_of"};
  }
  for (const DimensionRef& dimension : query.group_by) {
    auto coder = Coder::make(reader, dimension, query);
    if (!coder) return coder.error();
    if (coder->space() > kKeySpaceMax / plan.space) {
      return core::Error{core::Errc::too_large,
                         "group_by: the values of these dimensions are too many together",
                         "group_by"};
    }
    plan.space *= coder->space();
    need(plan.rest, {coder->column()});
    plan.coders.push_back(*std::move(coder));
  }
  for (const DimensionFilter& filter : query.where) {
    if (auto status = plan.add(filter, hash); !status) return status.error();
  }
  for (const MeasureFilter& filter : query.where_measure) {
    need(plan.filters, columns_of(filter.measure, options.cost));
  }
  if (query.from || query.to) need(plan.filters, {Column::occurred_at});
  if (auto status = plan.add_aggregates(); !status) return status.error();
  plan.rest &= ~plan.filters;
  return plan;
}

core::Status Plan::add(const DimensionFilter& filter, const core::KeyedHash& hash) {
  auto coder = Coder::make(*reader, filter.dimension, *query);
  if (!coder) return coder.error();
  Wanted one(*std::move(coder));
  one.negated = filter.negated;
  need(filters, {one.coder.column()});
  if (filter.min || filter.max) {
    const auto codes = one.coder.codes_within(filter.min, filter.max);
    if (!codes) return codes.error();
    if (*codes) {
      one.codes = {(*codes)->first, (*codes)->second};
      one.range = true;
    }
    wanted.push_back(std::move(one));
    return core::Ok{};
  }
  for (const auto& value : filter.values) {
    if (!value) {
      one.codes.push_back(0);
      continue;
    }
    const auto code = one.coder.code_of(*value, query->project, hash);
    if (!code) return code.error();
    if (*code) one.codes.push_back(**code);
  }
  std::sort(one.codes.begin(), one.codes.end());
  if (one.codes.size() == 1 && !one.negated) one.only = one.coder.value_of(one.codes.front());
  if (one.codes.size() > 1 && one.coder.space() <= kWantedArrayMax) {
    one.array.resize(static_cast<std::size_t>(one.coder.space()));
    for (const std::uint64_t code : one.codes) one.array[static_cast<std::size_t>(code)] = true;
  }
  wanted.push_back(std::move(one));
  return core::Ok{};
}

core::Status Plan::add_aggregates() {
  for (const Aggregate& aggregate : query->aggregates) {
    if (!aggregate.distinct_of) {
      usage |= rests_on_usage(aggregate.measure);
      need(rest, columns_of(aggregate.measure, options->cost));
      continue;
    }
    const auto same = [&](const Distinct& one) { return one.dimension == *aggregate.distinct_of; };
    if (std::any_of(distincts.begin(), distincts.end(), same)) continue;
    auto coder = Coder::make(*reader, *aggregate.distinct_of, *query);
    if (!coder) return coder.error();
    need(rest, {coder->column()});
    distincts.push_back({*aggregate.distinct_of, *std::move(coder)});
  }
  if (usage) need(rest, {Column::token_classes, Column::served_from, Column::usage_source});
  return core::Ok{};
}

bool Plan::may_keep(const facts::Segment& segment) const {
  for (const Wanted& one : wanted) {
    if (!one.may_keep(segment)) return false;
  }
  const facts::Zone& times = segment.zone(Column::occurred_at);
  if (times.nulls || (!query->from && !query->to)) return true;
  return !(query->from && times.max < query->from->time_since_epoch().count()) &&
         !(query->to && times.min >= query->to->time_since_epoch().count());
}

}  // namespace hansard::projections::query
