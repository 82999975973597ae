#include <algorithm>
#include <array>
#include <bitset>
#include <limits>
#include <map>
#include <span>
#include <unordered_map>

#include "core/time.h"
#include "events/session/ids.h"
#include "facts/layout.h"
#include "projections/counters.h"
#include "projections/facts/reader.h"
#include "projections/usage.h"
#include "usage_codec.h"
#include "usage_sums.h"
#include "user_names.h"

namespace hansard::projections {
namespace {

using facts::Column;
using facts::kNull;

/// Rows looked at in one go, and between two questions to `keep_going`.
constexpr std::size_t kChunkRows = 2'048;
constexpr std::int64_t kDayUs = 86'400'000'000;
constexpr auto kCache = static_cast<std::int64_t>(events::ServedFrom::cache);
constexpr auto kPlayback = static_cast<std::int64_t>(events::ServedFrom::playback);
constexpr auto kEstimated = static_cast<std::int64_t>(events::UsageSource::estimated);

constexpr std::int64_t floor_div(std::int64_t value, std::int64_t by) {
  return value / by - (value % by < 0 ? 1 : 0);
}

core::Error bad(std::string_view field, std::string what) {
  return core::Error{core::Errc::invalid_argument, std::string(field) + ": " + std::move(what),
                     std::string(field)};
}

std::string day_text(std::int64_t day) {
  const std::chrono::sys_days start{std::chrono::days(day)};
  return core::format_time(core::Timestamp{start}).substr(0, 10);
}

constexpr Column column_of(UsageDimension dimension) {
  switch (dimension) {
    case UsageDimension::day:
      return Column::occurred_at;
    case UsageDimension::user:
      return Column::user;
    case UsageDimension::session:
      return Column::session;
    case UsageDimension::provider:
      return Column::provider;
    case UsageDimension::model:
      return Column::model;
  }
  return Column::occurred_at;
}

/// The values of a call along the dimensions asked for; the rest is 0.
using GroupKey = std::array<std::int64_t, 5>;
struct GroupHash {
  std::size_t operator()(const GroupKey& key) const {
    std::uint64_t hash = 0;
    for (const std::int64_t value : key) {
      hash = (hash ^ static_cast<std::uint64_t>(value)) * 0x9e3779b97f4a7c15;
      hash ^= hash >> 32;
    }
    return hash;
  }
};

/// What a group has so far.
struct Group {
  UsageSums sums;
  std::array<std::uint64_t, facts::kTokenClasses> tokens{};
  std::uint32_t known = 0;  ///< a bit per class
};

/// Gives each class of `usage` its sum, where some call knew it.
void put_tokens(const Group& group, events::Usage& usage) {
  struct Visitor {
    const Group& group;
    events::Usage& usage;
    std::size_t next = 0;
    void field(std::string_view, std::optional<std::uint64_t> events::Usage::*member) {
      if ((group.known >> next & 1) != 0) usage.*member = group.tokens[next];
      ++next;
    }
  } visitor{group, usage};
  events::Usage::fields(visitor);
}

void add_duration(DurationSums& sums, std::int64_t us) {
  if (us == kNull) return;
  const auto value = static_cast<std::uint64_t>(us);
  sums.min_us = sums.count == 0 ? value : std::min(sums.min_us, value);
  sums.max_us = std::max(sums.max_us, value);
  sums.sum_us += value;
  ++sums.count;
}

/// One query under way over the calls of its project.
class Scan {
 public:
  Scan(const facts::Reader& reader, const core::KeyedHash& keyed_hash, const UsageQuery& query)
      : reader_(reader), keyed_hash_(keyed_hash), query_(query) {
    ranged_ = query.from || query.to;
    if (query.from) first_us_ = query.from->time_since_epoch().count() * kDayUs;
    if (query.to) last_us_ = (query.to->time_since_epoch().count() + 1) * kDayUs - 1;
    for (const auto dimension : query.group_by) {
      const Column column = column_of(dimension);
      need(column);
      keys_.push_back(column);
    }
    if (ranged_) need(Column::occurred_at);
    need(Column::failure);
    need(Column::served_from);
    need(Column::token_classes);
    for (std::size_t i = 0; i < facts::kTokenClasses; ++i) need(token_class(i));
    need(Column::usage_source);
    need(Column::latency_us);
    need(Column::ttft_us);
    for (const auto* hook : {&query.cost, &query.as_model}) {
      for (const Column column : hook->columns) need(column);
    }
  }

  core::Status run(UsageAnswer& answer) {
    if (auto status = prepare_filters(); !status) return status;
    for (const auto& [hook, pricer] :
         {std::pair(&query_.cost, &cost_), std::pair(&query_.as_model, &as_model_)}) {
      if (!hook->open) continue;
      auto opened = hook->open(reader_);
      if (!opened) return opened.error();
      *pricer = *std::move(opened);
    }
    if (query_.cost.open) answer.total.costs.emplace();
    if (nothing_) return core::Ok{};
    for (const facts::Segment& segment : reader_.segments()) {
      if (!may_keep(segment)) continue;
      if (auto status = scan(segment); !status) return status;
    }
    for (Group& group : groups_) {
      put_tokens(group, group.sums.tokens);
      add(answer.total, group.sums);
    }
    answer.undated_calls_left_out = undated_;
    return core::Ok{};
  }

  /// The groups as an answer shows them, user names apart.
  core::Result<std::vector<UsageGroup>> groups() {
    std::vector<UsageGroup> out;
    out.reserve(groups_.size());
    for (const auto& [values, number] : numbers_) {
      UsageGroup group;
      group.sums = groups_[number].sums;
      for (std::size_t i = 0; i < query_.group_by.size(); ++i) {
        auto key = key_of(query_.group_by[i], values[i]);
        if (!key) return key.error();
        group.keys.push_back(*std::move(key));
      }
      out.push_back(std::move(group));
    }
    return out;
  }

 private:
  /// Keeps calls whose value is this one; kNull for "not known".
  struct Filter {
    Column column;
    std::int64_t value = kNull;
  };

  static constexpr Column token_class(std::size_t i) {
    return static_cast<Column>(facts::index_of(Column::input_text) + i);
  }
  void need(Column column) { needed_[facts::index_of(column)] = true; }
  [[nodiscard]] const std::int64_t* of(Column column) const {
    return columns_[facts::index_of(column)].data();
  }

  core::Status prepare_filters() {
    std::optional<std::string> user = query_.user;
    if (user && !user->empty()) {
      user = pack_hash(events::user_hash(query_.project, *user, keyed_hash_));
    }
    const std::pair<Column, const std::optional<std::string>*> wanted[] = {
        {Column::user, &user},
        {Column::session, &query_.session},
        {Column::provider, &query_.provider},
        {Column::model, &query_.model}};
    for (const auto& [column, text] : wanted) {
      if (!*text) continue;
      Filter filter{column};
      if (!(*text)->empty()) {
        const auto id = reader_.find(column, **text);
        if (!id) return id.error();
        nothing_ = nothing_ || !*id;
        filter.value = *id ? std::int64_t{**id} : kNull;
      }
      need(column);
      filters_.push_back(filter);
    }
    return core::Ok{};
  }

  [[nodiscard]] bool may_keep(const facts::Segment& segment) const {
    for (const Filter& filter : filters_) {
      const facts::Zone& zone = segment.zone(filter.column);
      const bool may = filter.value == kNull
                           ? zone.nulls
                           : zone.any && zone.min <= filter.value && filter.value <= zone.max;
      if (!may) return false;
    }
    const facts::Zone& times = segment.zone(Column::occurred_at);
    return !ranged_ || times.nulls ||
           (times.any && times.max >= first_us_ && times.min <= last_us_);
  }

  core::Status scan(const facts::Segment& segment) {
    std::array<std::optional<facts::ColumnData>, facts::kColumns> data;
    for (std::size_t c = 0; c < facts::kColumns; ++c) {
      if (!needed_[c]) continue;
      columns_[c].assign(kChunkRows, kNull);
      some_[c] = segment.zones[c].any;
      if (!some_[c]) continue;
      auto read = reader_.column(segment, static_cast<Column>(c));
      if (!read) return read.error();
      data[c] = *std::move(read);
    }
    for (std::size_t from = 0; from < segment.rows; from += kChunkRows) {
      if (query_.keep_going && !query_.keep_going()) {
        return core::Error{core::Errc::timed_out, "the query took longer than it may"};
      }
      const std::size_t rows = std::min<std::size_t>(kChunkRows, segment.rows - from);
      for (std::size_t c = 0; c < facts::kColumns; ++c) {
        if (data[c]) data[c]->read(from, std::span(columns_[c]).first(rows));
      }
      select(rows);
      if (auto status = group(); !status) return status;
      sum();
    }
    return core::Ok{};
  }

  /// Leaves the rows that are asked for in `rows_`.
  void select(std::size_t rows) {
    rows_.clear();
    for (std::uint32_t row = 0; row < rows; ++row) rows_.push_back(row);
    for (const Filter& filter : filters_) {
      const std::int64_t* values = of(filter.column);
      std::erase_if(rows_, [&](std::uint32_t row) { return values[row] != filter.value; });
    }
    if (!ranged_) return;
    const std::int64_t* times = of(Column::occurred_at);
    std::erase_if(rows_, [&](std::uint32_t row) {
      if (times[row] == kNull) ++undated_;
      return times[row] == kNull || times[row] < first_us_ || times[row] > last_us_;
    });
  }

  /// Finds the group of each row.
  core::Status group() {
    numbers_of_.resize(rows_.size());
    for (std::size_t i = 0; i < rows_.size(); ++i) {
      GroupKey key{};
      for (std::size_t k = 0; k < keys_.size(); ++k) {
        const std::int64_t value = of(keys_[k])[rows_[i]];
        const bool day = keys_[k] == Column::occurred_at && value != kNull;
        key[k] = day ? floor_div(value, kDayUs) : value;
      }
      // Calls of one conversation often follow each other.
      if (i == 0 || key != last_key_) {
        const auto [found, fresh] =
            numbers_.try_emplace(key, static_cast<std::uint32_t>(groups_.size()));
        if (fresh) {
          if (groups_.size() == kUsageGroupsMax) return too_many();
          groups_.emplace_back();
          if (cost_) groups_.back().sums.costs.emplace();
        }
        last_key_ = key;
        last_number_ = found->second;
      }
      numbers_of_[i] = last_number_;
    }
    return core::Ok{};
  }

  static core::Error too_many() {
    return core::Error{core::Errc::too_large,
                       "more than " + std::to_string(kUsageGroupsMax) +
                           " groups: narrow the filters, or group by less",
                       "group_by"};
  }

  template <class F>
  void each(F&& f) {
    for (std::size_t i = 0; i < rows_.size(); ++i) f(rows_[i], groups_[numbers_of_[i]]);
  }
  [[nodiscard]] bool some(Column column) const { return some_[facts::index_of(column)]; }

  void sum() {
    const std::int64_t* served = of(Column::served_from);
    const std::int64_t* failure = of(Column::failure);
    const std::int64_t* classes = of(Column::token_classes);
    const std::int64_t* source = of(Column::usage_source);
    each([&](std::uint32_t row, Group& group) {
      ++group.sums.calls;
      if (failure[row] != kNull) ++group.sums.failures;
      // What came from a cache or the record spent nothing.
      if (served[row] == kCache || served[row] == kPlayback) return;
      if (classes[row] == kNull) {
        ++group.sums.calls_without_usage;
      } else {
        group.known |= static_cast<std::uint32_t>(classes[row]);
        if (source[row] == kEstimated) ++group.sums.calls_estimated;
      }
    });
    if (cost_) price();
    for (std::size_t i = 0; i < facts::kTokenClasses; ++i) {
      if (!some(token_class(i))) continue;
      const std::int64_t* tokens = of(token_class(i));
      each([&](std::uint32_t row, Group& group) {
        if (tokens[row] == kNull || served[row] == kCache || served[row] == kPlayback) return;
        group.tokens[i] += static_cast<std::uint64_t>(tokens[row]);
      });
    }
    if (some(Column::latency_us)) {
      const std::int64_t* us = of(Column::latency_us);
      each([&](std::uint32_t row, Group& group) { add_duration(group.sums.latency, us[row]); });
    }
    if (some(Column::ttft_us)) {
      const std::int64_t* us = of(Column::ttft_us);
      each([&](std::uint32_t row, Group& group) { add_duration(group.sums.ttft, us[row]); });
    }
  }

  /// Adds what the chunk's calls cost.
  void price() {
    const std::int64_t* served = of(Column::served_from);
    const std::int64_t* classes = of(Column::token_classes);
    const std::int64_t* source = of(Column::usage_source);
    facts::Row values;
    values.fill(kNull);
    each([&](std::uint32_t row, Group& group) {
      if (classes[row] == kNull) return;  // it is counted as one without usage
      for (const auto* hook : {&query_.cost, &query_.as_model}) {
        for (const Column column : hook->columns) {
          values[facts::index_of(column)] = of(column)[row];
        }
      }
      CostSums& sums = *group.sums.costs;
      const bool kept = served[row] == kCache || served[row] == kPlayback;
      const auto cost = cost_(values);
      if (!cost) {
        ++sums.calls_unpriced;
      } else {
        add(kept ? sums.saved : sums.cost, cost->pico_usd);
        if (!cost->complete) ++sums.calls_partly_priced;
        if (cost->estimated || source[row] == kEstimated) ++sums.calls_cost_estimated;
      }
      if (!as_model_ || kept) return;
      if (const auto other = as_model_(values)) add(sums.as_model, other->pico_usd);
    });
  }

  core::Result<UsageKey> key_of(UsageDimension dimension, std::int64_t value) {
    if (value == kNull) return UsageKey{};
    if (dimension == UsageDimension::day) {
      return UsageKey{UsageKey::Kind::known, day_text(value), {}};
    }
    const Column column = column_of(dimension);
    const auto [found, fresh] = texts_.try_emplace({column, value});
    if (fresh) {
      auto text = reader_.text(column, static_cast<std::uint32_t>(value));
      if (!text) return text.error();
      found->second = *std::move(text);
    }
    if (column == Column::user) {
      return UsageKey{UsageKey::Kind::erased, {}, unpack_hash(found->second)};
    }
    return UsageKey{UsageKey::Kind::known, found->second, {}};
  }

  const facts::Reader& reader_;
  const core::KeyedHash& keyed_hash_;
  const UsageQuery& query_;
  bool ranged_ = false;
  std::int64_t first_us_ = std::numeric_limits<std::int64_t>::min();
  std::int64_t last_us_ = std::numeric_limits<std::int64_t>::max();
  std::vector<Filter> filters_;
  bool nothing_ = false;  ///< no row can have what a filter names
  std::vector<Column> keys_;
  std::bitset<facts::kColumns> needed_;
  std::bitset<facts::kColumns> some_;  ///< of the segment, some value is known
  std::array<std::vector<std::int64_t>, facts::kColumns> columns_;  ///< of the chunk
  std::vector<std::uint32_t> rows_;        ///< of the chunk, that are asked for
  std::vector<std::uint32_t> numbers_of_;  ///< the group of each of these
  std::unordered_map<GroupKey, std::uint32_t, GroupHash> numbers_;
  std::vector<Group> groups_;
  GroupKey last_key_{};
  std::uint32_t last_number_ = 0;
  std::uint64_t undated_ = 0;
  query::Pricer cost_;
  query::Pricer as_model_;
  std::map<std::pair<Column, std::int64_t>, std::string> texts_;
};

core::Status check(const UsageQuery& query) {
  for (auto one = query.group_by.begin(); one != query.group_by.end(); ++one) {
    if (std::find(query.group_by.begin(), one, *one) != one) {
      return bad("group_by", "'" + std::string(to_word(*one)) + "' is there twice");
    }
  }
  if (query.from && query.to && *query.from > *query.to) {
    return bad("from", "must not be after 'to'");
  }
  return core::Ok{};
}

/// By day when there is one (unknown last), then most calls first, then by key.
void sort_groups(UsageAnswer& answer) {
  const auto day = std::find(answer.group_by.begin(), answer.group_by.end(), UsageDimension::day);
  const auto at = static_cast<std::size_t>(day - answer.group_by.begin());
  const bool by_day = day != answer.group_by.end();
  const auto rank = [](const UsageKey& key) {
    return std::tuple(key.kind == UsageKey::Kind::unknown, std::string_view(key.text),
                      std::string_view(key.id));
  };
  std::sort(answer.groups.begin(), answer.groups.end(),
            [&](const UsageGroup& a, const UsageGroup& b) {
              if (by_day && a.keys[at] != b.keys[at]) return rank(a.keys[at]) < rank(b.keys[at]);
              if (a.sums.calls != b.sums.calls) return a.sums.calls > b.sums.calls;
              return std::lexicographical_compare(
                  a.keys.begin(), a.keys.end(), b.keys.begin(), b.keys.end(),
                  [&](const UsageKey& x, const UsageKey& y) { return rank(x) < rank(y); });
            });
}

}  // namespace

core::Result<UsageAnswer> query_usage(const core::ReadModel& model, const core::EventLog& log,
                                      const core::KeyedHash& keyed_hash, const UsageQuery& query) {
  if (auto status = check(query); !status) return status.error();
  UsageAnswer answer;
  answer.group_by = query.group_by;
  answer.checkpoint = model.checkpoint();
  const auto reader = facts::Reader::open(model, query.project);
  if (!reader) return reader.error();
  Scan scan(*reader, keyed_hash, query);
  if (auto status = scan.run(answer); !status) return status.error();
  auto groups = scan.groups();
  if (!groups) return groups.error();
  answer.groups = *std::move(groups);

  UserNames names(model, log, query.project);
  const auto user = std::find(query.group_by.begin(), query.group_by.end(), UsageDimension::user);
  const auto at = static_cast<std::size_t>(user - query.group_by.begin());
  for (UsageGroup& group : answer.groups) {
    if (at >= group.keys.size() || group.keys[at].kind != UsageKey::Kind::erased) continue;
    if (auto status = names.name(group.keys[at]); !status) return status.error();
  }
  sort_groups(answer);
  return answer;
}

}  // namespace hansard::projections
