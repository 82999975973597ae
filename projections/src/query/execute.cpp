#include "projections/query/execute.h"

#include <algorithm>
#include <cmath>
#include <thread>

#include "aggregation.h"
#include "calendar.h"
#include "compare.h"
#include "finish.h"
#include "projections/query/names.h"
#include "worker.h"

namespace hansard::projections::query {
namespace {

core::Error bad(std::string field, std::string what) {
  return core::Error{core::Errc::invalid_argument, field + ": " + std::move(what), field};
}

/// Of one query.
constexpr std::uint64_t kThreadsMax = 16;

/// Lets workers, one a thread, take all segments, and puts what they have together.
core::Result<Worker> scan(const Plan& plan) {
  std::uint64_t rows = 0;
  for (const facts::Segment& segment : plan.reader->segments()) {
    if (plan.may_keep(segment)) rows += segment.rows;
  }
  const std::uint64_t wanted = std::min<std::uint64_t>(
      {plan.options->threads, 1 + rows / plan.options->rows_per_thread, kThreadsMax});
  std::vector<Worker> workers;
  for (std::uint64_t i = 0; i < std::max<std::uint64_t>(1, wanted); ++i) {
    auto worker = Worker::make(plan);
    if (!worker) return worker.error();
    workers.push_back(*std::move(worker));
  }
  Watch watch;
  std::vector<core::Status> ends(workers.size(), core::Status(core::Ok{}));
  std::vector<std::thread> others;
  for (std::size_t i = 1; i < workers.size(); ++i) {
    others.emplace_back([&, i] { ends[i] = workers[i].run(watch); });
  }
  ends[0] = workers[0].run(watch);
  for (std::thread& other : others) other.join();
  for (const core::Status& end : ends) {
    if (!end) return end.error();
  }
  for (std::size_t i = 1; i < workers.size(); ++i) workers[0].merge(workers[i]);
  return std::move(workers[0]);
}

core::Result<Answer> answer_of(const facts::Reader& reader, const core::KeyedHash& hash,
                               const Query& query, const Options& options) {
  auto plan = Plan::make(reader, hash, query, options);
  if (!plan) return plan.error();
  auto worker = scan(*plan);
  if (!worker) return worker.error();
  GroupIndex& groups = worker->groups();
  // Without keys there is one group, also of no calls.
  if (plan->coders.empty() && groups.size() == 0) {
    const std::uint64_t only = 0;
    std::uint32_t group = 0;
    groups.find({&only, 1}, &group);
  }
  Aggregation& aggregation = worker->aggregation();
  aggregation.finish(groups.size());
  Answer answer;
  worker->tell(answer);
  answer.as_of = plan->as_of;
  answer.group_by = query.group_by;
  answer.aggregates = query.aggregates;
  answer.table = query.table;
  answer.zone = query.zone.name();
  answer.from = query.from;
  answer.to = query.to;
  answer.percentiles = aggregation.percentile_method();
  if (auto status = finish(query, groups, plan->coders, aggregation, answer); !status) {
    return status.error();
  }
  return answer;
}

bool asks_for(const Query& query, const Aggregate& aggregate) {
  return std::find(query.aggregates.begin(), query.aggregates.end(), aggregate) !=
         query.aggregates.end();
}

core::Error other_table(const Query& query, std::string field, const std::string& name,
                        const std::string& there) {
  return bad(std::move(field), name + " is not of " + std::string(facts::to_word(query.table)) +
                                   "; there are " + there);
}

core::Status check_table(const Query& query) {
  const auto dimension = [&](const char* field, const DimensionRef& ref) -> core::Status {
    if (is_of(query.table, ref.dimension)) return core::Ok{};
    return other_table(query, field, to_text(ref), dimensions_of(query.table));
  };
  const auto measure = [&](const char* field, Measure one) -> core::Status {
    if (is_of(query.table, one)) return core::Ok{};
    return other_table(query, field, std::string(to_word(one)), measures_of(query.table));
  };
  core::Status status = core::Ok{};
  const auto look = [&](core::Status next) {
    if (status) status = std::move(next);
  };
  for (const Aggregate& one : query.aggregates) {
    look(one.distinct_of ? dimension("measures", *one.distinct_of)
                         : measure("measures", one.measure));
  }
  for (const DimensionRef& one : query.group_by) look(dimension("group_by", one));
  for (const DimensionFilter& one : query.where) look(dimension("where", one.dimension));
  for (const MeasureFilter& one : query.where_measure) look(measure("where", one.measure));
  return status;
}

core::Status check(const Query& query, const Options& options) {
  if (query.aggregates.empty()) return bad("measures", "nothing is asked for");
  for (std::size_t i = 0; i < query.group_by.size(); ++i) {
    for (std::size_t j = 0; j < i; ++j) {
      if (query.group_by[i] == query.group_by[j]) {
        return bad("group_by", to_text(query.group_by[i]) + " is given twice");
      }
    }
  }
  if (auto status = check_table(query); !status) return status;
  for (const Aggregate& aggregate : query.aggregates) {
    if (aggregate.function == Function::percentile &&
        (aggregate.per_mille_tenths < 1 || aggregate.per_mille_tenths > 10'000)) {
      return bad("measures", "a percentile lies between p0.01 and p100");
    }
    if ((aggregate.function == Function::count_distinct) != aggregate.distinct_of.has_value()) {
      return bad("measures", "count_distinct counts values of a dimension, and only that does");
    }
  }
  for (const DimensionFilter& filter : query.where) {
    if (filter.values.empty() == !(filter.min || filter.max)) {
      return bad("where." + to_text(filter.dimension), "give values, or min and max, and not both");
    }
  }
  for (const MeasureFilter& filter : query.where_measure) {
    if (filter.min && filter.max && *filter.min > *filter.max) {
      return bad("where." + std::string(to_word(filter.measure)), "min is above max");
    }
  }
  if (asks_cost(query) && !options.cost.open)
    return bad("measures", "cost needs prices, and there are none");
  if (query.from && query.to && *query.from >= *query.to) {
    return bad("to", "the time must be after from");
  }
  if (query.compare != Compare::nothing && !(query.from && query.to)) {
    return bad("compare", "say from when (and to when): it is what comes before that");
  }
  for (const Having& having : query.having) {
    if (!asks_for(query, having.aggregate)) {
      return bad("having." + to_text(having.aggregate), "is not among the measures asked for");
    }
  }
  for (const Order& order : query.order) {
    if (const auto* aggregate = std::get_if<Aggregate>(&order.by)) {
      if (!asks_for(query, *aggregate)) {
        return bad("order", to_text(*aggregate) + " is not among the measures asked for");
      }
    } else {
      const auto& dimension = std::get<DimensionRef>(order.by);
      if (std::find(query.group_by.begin(), query.group_by.end(), dimension) ==
          query.group_by.end()) {
        return bad("order", to_text(dimension) + " is not among the dimensions grouped by");
      }
    }
  }
  return core::Ok{};
}

}  // namespace

bool asks_cost(const Query& query) {
  return std::any_of(
             query.aggregates.begin(), query.aggregates.end(),
             [](const Aggregate& one) { return !one.distinct_of && is_cost(one.measure); }) ||
         std::any_of(query.where_measure.begin(), query.where_measure.end(),
                     [](const MeasureFilter& one) { return is_cost(one.measure); });
}

core::Result<Answer> execute(const core::ReadModel& model, const core::KeyedHash& keyed_hash,
                             const Query& query, const Options& options) {
  if (auto status = check(query, options); !status) return status.error();
  const auto reader = facts::Reader::open(model, query.project);
  if (!reader) return reader.error();
  if (query.compare == Compare::nothing) return answer_of(*reader, keyed_hash, query, options);
  Query now = query;
  now.having.clear();
  now.limit.reset();
  Query before = now;
  const Period period = previous_period(query.zone, *query.from, *query.to);
  before.from = period.from;
  before.to = period.to;
  auto first = answer_of(*reader, keyed_hash, now, options);
  if (!first) return first;
  auto second = answer_of(*reader, keyed_hash, before, options);
  if (!second) return second;
  if (first->groups.size() + second->groups.size() > kComparedGroupsMax) {
    return core::Error{core::Errc::too_large,
                       "compare: more than " + std::to_string(kComparedGroupsMax) +
                           " groups: group by less, or choose fewer",
                       "compare"};
  }
  return side_by_side(query, *std::move(first), *std::move(second));
}

std::optional<double> change_percent(const Cell& now, const Cell& before) {
  if (!now.known || !before.known || before.number() == 0.0) return std::nullopt;
  return (now.number() - before.number()) / std::abs(before.number()) * 100;
}

std::string to_text(Wide value) {
  const bool negative = value < 0;
  __extension__ unsigned __int128 rest =
      negative ? -static_cast<unsigned __int128>(value) : static_cast<unsigned __int128>(value);
  std::string digits;
  do {
    digits += static_cast<char>('0' + static_cast<int>(rest % 10));
    rest /= 10;
  } while (rest != 0);
  if (negative) digits += '-';
  std::reverse(digits.begin(), digits.end());
  return digits;
}

}  // namespace hansard::projections::query
