#pragma once

#include <date/tz.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <set>

#include "oracle.h"
#include "projections/query/execute.h"
#include "projections/query/names.h"
#include "projections/query/sketch.h"

/// Queries answered the plainest way, from decoded events: a map of groups, a list of values each.
namespace hansard::projections::query::test {

using facts::test::OracleCall;

/// What a call has along a dimension: nothing, or a text with its place in the order.
struct PlainKey {
  bool known = false;
  std::int64_t order = 0;
  std::string text;
  auto operator<=>(const PlainKey&) const = default;
};

inline std::optional<std::int64_t> number_in(const OracleCall& call, const std::string& name) {
  const auto found = call.numbers.find(name);
  if (found == call.numbers.end()) return std::nullopt;
  return found->second;
}

inline PlainKey plain_zoned_time(std::int64_t us, Dimension unit, const std::string& zone) {
  using std::chrono::floor;
  using std::chrono::microseconds;
  const auto* rules = date::locate_zone(zone);
  const date::sys_time<microseconds> time{microseconds(us)};
  const auto local = rules->to_local(time);
  const date::local_days day = floor<date::days>(local);
  const date::year_month_day date(day);
  std::ostringstream text;
  if (unit == Dimension::day) {
    text << date;
  } else if (unit == Dimension::week) {
    text << date::year_month_day(day - (date::weekday(day) - date::Monday));
  } else if (unit == Dimension::month) {
    text << date.year() << '-' << date::format("%m", day);
  } else {
    const auto shown = unit == Dimension::hour ? floor<std::chrono::hours>(local)
                                               : floor<std::chrono::minutes>(local);
    const auto offset = rules->get_info(time).offset;
    text << date::format("%FT%T", floor<std::chrono::seconds>(shown));
    const date::hh_mm_ss<std::chrono::seconds> ahead(offset < offset.zero() ? -offset : offset);
    char shown_offset[8];
    std::snprintf(shown_offset, sizeof shown_offset, "%c%02d:%02d",
                  offset < offset.zero() ? '-' : '+', static_cast<int>(ahead.hours().count()),
                  static_cast<int>(ahead.minutes().count()));
    text << shown_offset;
    return {true, (shown.time_since_epoch() - offset).count(), text.str()};
  }
  return {true, 0, text.str()};
}

inline PlainKey plain_time(std::int64_t us, Dimension unit, const std::string& zone) {
  if (zone != "UTC") return plain_zoned_time(us, unit, zone);
  using namespace std::chrono;
  const sys_time<microseconds> time{microseconds(us)};
  sys_time<microseconds> start = floor<days>(time);
  std::size_t length = 10;
  if (unit == Dimension::hour || unit == Dimension::minute) {
    start = floor<minutes>(time);
    if (unit == Dimension::hour) start = floor<hours>(time);
    length = 19;
  } else if (unit == Dimension::week) {
    while (weekday(floor<days>(start)) != Monday) start -= days(1);
  } else if (unit == Dimension::month) {
    const year_month_day date(floor<days>(time));
    start = sys_days(date.year() / date.month() / 1);
    length = 7;
  }
  std::string text = core::format_time(start).substr(0, length);
  if (length == 19) text += 'Z';
  return {true, start.time_since_epoch().count(), text};
}

inline PlainKey plain_key(const OracleCall& call, const DimensionRef& dimension,
                          const std::string& zone = "UTC") {
  using facts::ColumnKind;
  if (dimension.dimension == Dimension::tag) {
    const auto found = call.tags.find(dimension.tag);
    return found == call.tags.end() ? PlainKey{} : PlainKey{true, 0, found->second};
  }
  const auto column = column_of(dimension.dimension);
  const std::string name(facts::info(column).name);
  if (facts::info(column).kind == ColumnKind::dictionary) {
    const auto found = call.texts.find(name);
    return found == call.texts.end() ? PlainKey{} : PlainKey{true, 0, found->second};
  }
  const auto number = number_in(call, name);
  if (!number) return {};
  if (is_time(dimension.dimension)) return plain_time(*number, dimension.dimension, zone);
  std::string text = std::to_string(*number);
  if (facts::info(column).kind == ColumnKind::word) text = facts::word_of(column, *number);
  if (facts::info(column).kind == ColumnKind::flag) text = *number == 1 ? "true" : "false";
  return {true, *number, text};
}

/// What the tests' price is: known for some models only.
inline std::optional<std::int64_t> plain_cost(const std::optional<std::string>& model,
                                              std::optional<std::int64_t> input) {
  if (!model || *model == "model1" || !input) return std::nullopt;
  return static_cast<std::int64_t>(model->back()) * 1'000 *
         std::min<std::int64_t>(*input, 1'000'000);
}

inline std::optional<std::int64_t> cost_of(const OracleCall& call) {
  const auto model = call.texts.find("model");
  return plain_cost(model == call.texts.end() ? std::nullopt : std::optional(model->second),
                    number_in(call, "input_text"));
}

inline std::optional<std::int64_t> plain_value(const OracleCall& call, Measure measure) {
  constexpr auto kMost = std::numeric_limits<std::int64_t>::max();
  const auto served = number_in(call, "served_from");
  const bool kept = served && (*served == 1 || *served == 2);
  const auto tokens_of = [&](std::string_view prefix) {
    std::optional<std::int64_t> sum;
    events::for_each_class(events::Usage{}, [&](std::string_view name, const auto&) {
      const auto tokens = number_in(call, std::string(name));
      if (!tokens || !name.starts_with(prefix)) return;
      const auto wide = Wide{sum.value_or(0)} + *tokens;
      sum = wide > kMost ? kMost : static_cast<std::int64_t>(wide);
    });
    return sum;
  };
  const auto spent = [&](std::optional<std::int64_t> tokens) {
    return kept ? std::nullopt : tokens;
  };
  switch (measure) {
    case Measure::calls:
      return 1;
    case Measure::errors:
      return call.numbers.contains("failure") || number_in(call, "outcome") == 1 ? 1 : 0;
    case Measure::scores:
    case Measure::optimisations:
      return 1;
    case Measure::duration_us:
    case Measure::value:
    case Measure::tokens_before:
    case Measure::tokens_after:
    case Measure::removed:
    case Measure::summarised:
    case Measure::reported_cost:
      return number_in(call, std::string(to_word(measure)));
    case Measure::tokens_saved: {
      const auto before = number_in(call, "tokens_before");
      const auto after = number_in(call, "tokens_after");
      return before && after ? std::optional(*before - *after) : std::nullopt;
    }
    case Measure::latency_us:
      return number_in(call, "latency_us");
    case Measure::ttft_us:
      return number_in(call, "ttft_us");
    case Measure::input:
      return spent(tokens_of("input"));
    case Measure::output:
      return spent(tokens_of("output"));
    case Measure::tokens:
      return spent(tokens_of(""));
    case Measure::saved_tokens:
      return kept ? tokens_of("") : std::nullopt;
    case Measure::cost:
      return kept ? std::nullopt : cost_of(call);
    case Measure::saved_cost:
      return kept ? cost_of(call) : std::nullopt;
    case Measure::tokens_per_second: {
      const auto output = spent(tokens_of("output"));
      const auto latency = number_in(call, "latency_us");
      const auto ttft = number_in(call, "ttft_us");
      if (!output || !latency || *latency == 0) return std::nullopt;
      const std::int64_t time = ttft && *ttft < *latency ? *latency - *ttft : *latency;
      const Wide rate = Wide{*output} * 1'000'000'000 / time;
      return rate > kMost ? kMost : static_cast<std::int64_t>(rate);
    }
    default:
      return spent(number_in(call, std::string(to_word(measure))));
  }
}

struct PlainGroup {
  std::vector<PlainKey> keys;
  std::vector<const OracleCall*> calls;
  std::vector<Cell> cells;
};

inline Cell plain_cell(const PlainGroup& group, const Aggregate& aggregate,
                       const std::string& zone) {
  Cell cell;
  if (aggregate.distinct_of) {
    std::set<PlainKey> values;
    for (const auto* call : group.calls) {
      const auto key = plain_key(*call, *aggregate.distinct_of, zone);
      if (key.known) values.insert(key);
    }
    cell.of = values.size();
    cell.integer = static_cast<Wide>(values.size());
    cell.known = true;
    return cell;
  }
  std::vector<std::int64_t> values;
  for (const auto* call : group.calls) {
    if (const auto value = plain_value(*call, aggregate.measure)) values.push_back(*value);
  }
  std::sort(values.begin(), values.end());
  const bool rate =
      aggregate.measure == Measure::tokens_per_second || aggregate.measure == Measure::value;
  const double scale = aggregate.measure == Measure::value ? 1e6 : 1e3;
  cell.of = values.size();
  cell.known = !values.empty();
  Wide sum = 0;
  for (const auto value : values) sum += value;
  if (aggregate.function == Function::count) {
    cell.known = true;
    cell.integer = static_cast<Wide>(values.size());
    return cell;
  }
  if (aggregate.function == Function::sum) {
    cell.known |= aggregate.measure == Measure::calls || aggregate.measure == Measure::errors ||
                  aggregate.measure == Measure::scores ||
                  aggregate.measure == Measure::optimisations;
    cell.whole = !rate;
    if (rate) {
      cell.real = static_cast<double>(sum) / scale;
    } else {
      cell.integer = sum;
    }
    return cell;
  }
  if (values.empty()) {
    cell.whole = !rate && aggregate.function != Function::avg;
    return cell;
  }
  if (aggregate.function == Function::avg) {
    cell.whole = false;
    cell.real = static_cast<double>(sum) / static_cast<double>(values.size());
    if (rate) cell.real /= scale;
    return cell;
  }
  std::int64_t value = values.front();
  if (aggregate.function == Function::max) value = values.back();
  if (aggregate.function == Function::percentile) {
    const auto size = static_cast<std::uint64_t>(values.size());
    value = values[(size * aggregate.per_mille_tenths + 9'999) / 10'000 - 1];
  }
  cell.whole = !rate;
  if (rate) {
    cell.real = static_cast<double>(value) / scale;
  } else {
    cell.integer = value;
  }
  return cell;
}

inline int plain_compare(const Cell& a, const Cell& b) {
  if (!a.known || !b.known) return int{a.known} - int{b.known};
  if (a.whole) return a.integer < b.integer ? -1 : int{a.integer > b.integer};
  return a.real < b.real ? -1 : int{a.real > b.real};
}

struct PlainAnswer {
  std::vector<PlainGroup> groups;
  std::uint64_t calls = 0;
  std::uint64_t without_usage = 0;
  std::uint64_t estimated = 0;
  std::uint64_t unpriced = 0;
  std::uint64_t partly = 0;
  std::uint64_t cost_estimated = 0;
  std::uint64_t undated = 0;
  std::uint64_t before_limit = 0;
};

inline bool plain_fits(const OracleCall& call, const Query& query) {
  for (const auto& filter : query.where) {
    const auto key = plain_key(call, filter.dimension);
    bool any = (filter.min || filter.max) && key.known &&
               key.order >= filter.min.value_or(key.order) &&
               key.order <= filter.max.value_or(key.order);
    for (const auto& value : filter.values) {
      if (!value) {
        any |= !key.known;
        continue;
      }
      std::string text = *value;
      if (filter.dimension.dimension == Dimension::user) {
        text = events::user_hash(query.project, text, projections::test::keyed_hash());
      } else if (filter.dimension.dimension == Dimension::tag) {
        text = events::tag_hash(query.project, filter.dimension.tag, text,
                                projections::test::keyed_hash());
      }
      any |= key.known && key.text == text;
    }
    if (any == filter.negated) return false;
  }
  for (const auto& filter : query.where_measure) {
    const auto value = plain_value(call, filter.measure);
    if (!value || (filter.min && *value < *filter.min) || (filter.max && *value > *filter.max)) {
      return false;
    }
  }
  return true;
}

inline bool asks_for(const Query& query, Measure measure) {
  return std::any_of(query.aggregates.begin(), query.aggregates.end(),
                     [&](const auto& one) { return !one.distinct_of && one.measure == measure; });
}

/// Odd thousands stand for calls of which something had no price.
inline bool partly_priced(std::int64_t cost) { return cost / 1'000 % 2 == 1; }

inline PlainAnswer plain_answer(const std::vector<OracleCall>& calls, const Query& query) {
  PlainAnswer answer;
  std::map<std::vector<PlainKey>, PlainGroup> groups;
  for (const auto& call : calls) {
    if (!plain_fits(call, query)) continue;
    const auto time = number_in(call, "occurred_at");
    if (query.from || query.to) {
      if (!time) {
        ++answer.undated;
        continue;
      }
      if (query.from && *time < query.from->time_since_epoch().count()) continue;
      if (query.to && *time >= query.to->time_since_epoch().count()) continue;
    }
    ++answer.calls;
    const auto served = number_in(call, "served_from");
    const bool has_usage = call.numbers.contains("token_classes");
    if (!has_usage && !(served && (*served == 1 || *served == 2))) ++answer.without_usage;
    if (has_usage && number_in(call, "usage_source") == 1) ++answer.estimated;
    const bool kept = served && (*served == 1 || *served == 2);
    if (asks_for(query, kept ? Measure::saved_cost : Measure::cost)) {
      const auto cost = cost_of(call);
      if (!cost && has_usage) ++answer.unpriced;
      if (cost && partly_priced(*cost)) ++answer.partly;
      if (cost && number_in(call, "usage_source") == 1) ++answer.cost_estimated;
    }
    std::vector<PlainKey> keys;
    for (const auto& dimension : query.group_by) {
      keys.push_back(plain_key(call, dimension, query.zone.name()));
    }
    auto& group = groups[keys];
    group.keys = keys;
    group.calls.push_back(&call);
  }
  if (query.group_by.empty()) groups[{}];
  const auto place = [&](const Aggregate& aggregate) {
    return static_cast<std::size_t>(
        std::find(query.aggregates.begin(), query.aggregates.end(), aggregate) -
        query.aggregates.begin());
  };
  for (auto& [keys, group] : groups) {
    for (const auto& aggregate : query.aggregates) {
      group.cells.push_back(plain_cell(group, aggregate, query.zone.name()));
    }
    bool kept = true;
    for (const auto& having : query.having) {
      const Cell& cell = group.cells[place(having.aggregate)];
      kept &= cell.known && !(having.min && cell.number() < *having.min) &&
              !(having.max && cell.number() > *having.max);
    }
    if (kept) answer.groups.push_back(group);
  }
  auto order = query.order;
  const bool by_time = !query.group_by.empty() && is_time(query.group_by.front().dimension);
  if (order.empty() && !by_time) order.push_back({query.aggregates.front(), true});
  // The map put the groups in the order of their keys, which is how ties are broken.
  std::stable_sort(
      answer.groups.begin(), answer.groups.end(), [&](const PlainGroup& a, const PlainGroup& b) {
        for (const auto& by : order) {
          int result = 0;
          if (const auto* aggregate = std::get_if<Aggregate>(&by.by)) {
            result = plain_compare(a.cells[place(*aggregate)], b.cells[place(*aggregate)]);
          } else {
            const auto at =
                static_cast<std::size_t>(std::find(query.group_by.begin(), query.group_by.end(),
                                                   std::get<DimensionRef>(by.by)) -
                                         query.group_by.begin());
            if (a.keys[at] != b.keys[at]) result = a.keys[at] < b.keys[at] ? -1 : 1;
          }
          if (result != 0) return by.descending ? result > 0 : result < 0;
        }
        return false;
      });
  answer.before_limit = answer.groups.size();
  if (query.limit && *query.limit < answer.groups.size()) answer.groups.resize(*query.limit);
  return answer;
}

}  // namespace hansard::projections::query::test
