#include <algorithm>
#include <charconv>
#include <map>
#include <unordered_map>

#include "core/time.h"
#include "events/session/ids.h"
#include "point_read.h"
#include "projections/counters.h"
#include "projections/usage.h"
#include "usage_codec.h"
#include "usage_row.h"

namespace hansard::projections {
namespace {

/// Rows between two questions to `keep_going`.
constexpr std::size_t kRowsPerBreath = 1024;

core::Error bad(std::string_view field, std::string what) {
  return core::Error{core::Errc::invalid_argument, std::string(field) + ": " + std::move(what),
                     std::string(field)};
}

void add(DurationSums& sum, const DurationSums& more) {
  if (more.count == 0) return;
  sum.min_us = sum.count == 0 ? more.min_us : std::min(sum.min_us, more.min_us);
  sum.max_us = std::max(sum.max_us, more.max_us);
  sum.sum_us += more.sum_us;
  sum.count += more.count;
}

void add(UsageSums& sum, const UsageSums& more) {
  sum.calls += more.calls;
  sum.failures += more.failures;
  sum.calls_without_usage += more.calls_without_usage;
  add_usage(sum.tokens, more.tokens);
  add(sum.latency, more.latency);
  add(sum.ttft, more.ttft);
}

/// A text filter: empty means "not known".
bool fits(const std::optional<std::string>& wanted, const std::optional<std::string_view>& value) {
  if (!wanted) return true;
  if (wanted->empty()) return !value;
  return value == *wanted;
}

std::string day_text(std::uint32_t number) {
  return core::format_time(core::Timestamp{day_of(number)}).substr(0, 10);
}

/// One query under way over one model.
class Scan {
 public:
  Scan(const core::ReadModel& model, const core::KeyedHash& keyed_hash, const UsageQuery& query)
      : model_(model), query_(query), prefix_(calls_prefix(query.project.text())) {
    if (query.user) {
      user_ = query.user->empty()
                  ? std::string()
                  : pack_hash(events::user_hash(query.project, *query.user, keyed_hash));
    }
    if (query.from || query.to) {
      first_ = query.from ? day_number(*query.from) : 0;
      last_ = query.to ? day_number(*query.to) : kUndated - 1;
    }
  }

  core::Status run(UsageAnswer& answer) {
    const bool ranged = query_.from || query_.to;
    if (auto status = pass(first_, last_,
                           [&](const CallsKey& key, const CallsRow& calls) {
                             add(answer.total, calls.sums);
                             return into_group(key, calls);
                           });
        !status) {
      return status;
    }
    if (!ranged) return core::Ok{};
    return pass(kUndated, kUndated, [&](const CallsKey&, const CallsRow& calls) {
      answer.undated_calls_left_out += calls.sums.calls;
      return core::Status{core::Ok{}};
    });
  }

  [[nodiscard]] std::unordered_map<std::string, UsageSums>& groups() { return groups_; }

  /// The keys of a group as an answer shows them, user names apart.
  [[nodiscard]] std::vector<UsageKey> keys_of(const std::string& group) const {
    row::Reader in(group);
    std::vector<UsageKey> keys;
    for (const UsageDimension dimension : query_.group_by) {
      UsageKey key;
      if (dimension == UsageDimension::day) {
        const std::uint32_t day = in.big_endian_32();
        if (day != kUndated) key = {UsageKey::Kind::known, day_text(day), {}};
      } else if (const auto value = in.optional_text()) {
        const bool user = dimension == UsageDimension::user;
        key = user ? UsageKey{UsageKey::Kind::erased, {}, unpack_hash(*value)}
                   : UsageKey{UsageKey::Kind::known, std::string(*value), {}};
      }
      keys.push_back(std::move(key));
    }
    return keys;
  }

 private:
  /// Feeds the rows of days `first`..`last` that the filters accept.
  template <class F>
  core::Status pass(std::uint32_t first, std::uint32_t last, F&& sink) {
    std::string from = prefix_;
    row::Writer(from).big_endian_32(first);
    core::Status status = core::Ok{};
    auto scanned = model_.scan(prefix_, from, [&](std::string_view key, std::string_view row) {
      if (++rows_ % kRowsPerBreath == 0 && query_.keep_going && !query_.keep_going()) {
        status = core::Error{core::Errc::timed_out, "the query took longer than it may"};
        return false;
      }
      const auto of = parse_calls_key(key, prefix_.size());
      if (!of) {
        status = of.error();
        return false;
      }
      if (of->day > last) return false;
      if (!fits(query_.session, of->session) || !fits(query_.provider, of->provider) ||
          !fits(query_.model, of->model)) {
        return true;
      }
      const auto calls = decode_calls(row);
      if (!calls) {
        status = calls.error();
        return false;
      }
      if (fits(user_, calls->user)) status = sink(*of, *calls);
      return status.has_value();
    });
    return scanned ? status : scanned;
  }

  core::Status into_group(const CallsKey& key, const CallsRow& calls) {
    group_.clear();
    row::Writer to(group_);
    for (const UsageDimension dimension : query_.group_by) {
      switch (dimension) {
        case UsageDimension::day:
          to.big_endian_32(key.day);
          break;
        case UsageDimension::user:
          to.optional_text(calls.user);
          break;
        case UsageDimension::session:
          to.optional_text(key.session);
          break;
        case UsageDimension::provider:
          to.optional_text(key.provider);
          break;
        case UsageDimension::model:
          to.optional_text(key.model);
          break;
      }
    }
    const auto [found, fresh] = groups_.try_emplace(group_);
    if (fresh && groups_.size() > kUsageGroupsMax) {
      return core::Error{core::Errc::too_large,
                         "more than " + std::to_string(kUsageGroupsMax) +
                             " groups: narrow the filters, or group by less",
                         "group_by"};
    }
    add(found->second, calls.sums);
    return core::Ok{};
  }

  const core::ReadModel& model_;
  const UsageQuery& query_;
  std::string prefix_;
  std::optional<std::string> user_;
  std::uint32_t first_ = 0;
  std::uint32_t last_ = kUndated;
  std::size_t rows_ = 0;
  std::string group_;
  std::unordered_map<std::string, UsageSums> groups_;
};

/// Puts names to users, as far as a SessionCreated still says them.
class Names {
 public:
  Names(const core::ReadModel& model, const core::EventLog& log, const core::ProjectId& project)
      : model_(model), log_(log), project_(project) {}

  core::Status name(UsageKey& user) {
    const auto [found, fresh] = names_.try_emplace(user.id);
    if (fresh) {
      auto read = look_up(user.id);
      if (!read) return read.error();
      found->second = *std::move(read);
    }
    if (found->second) {
      user.kind = UsageKey::Kind::known;
      user.text = *found->second;
    }
    return core::Ok{};
  }

 private:
  core::Result<std::optional<std::string>> look_up(const std::string& hash) const {
    const auto row = model_.get(user_key(project_.text(), pack_hash(hash)));
    if (!row) return row.error();
    if (!*row) return std::optional<std::string>{};
    const auto positions = decode_positions(**row);
    if (!positions) return positions.error();
    for (auto position = positions->rbegin(); position != positions->rend(); ++position) {
      auto read = read_at(log_, core::Position{*position}, project_.text(), {});
      if (!read) return read.error();
      if (!*read || (*read)->erased) continue;
      auto* created = std::get_if<events::SessionCreated>(&(*read)->event);
      if (created && created->user) return std::move(created->user);
    }
    return std::optional<std::string>{};
  }

  const core::ReadModel& model_;
  const core::EventLog& log_;
  const core::ProjectId& project_;
  std::map<std::string, std::optional<std::string>> names_;
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
  Scan scan(model, keyed_hash, query);
  if (auto status = scan.run(answer); !status) return status.error();

  Names names(model, log, query.project);
  const auto user = std::find(query.group_by.begin(), query.group_by.end(), UsageDimension::user);
  const auto at = static_cast<std::size_t>(user - query.group_by.begin());
  for (auto& [group, sums] : scan.groups()) {
    UsageGroup out{scan.keys_of(group), sums};
    if (at < out.keys.size() && out.keys[at].kind == UsageKey::Kind::erased) {
      if (auto status = names.name(out.keys[at]); !status) return status.error();
    }
    answer.groups.push_back(std::move(out));
  }
  sort_groups(answer);
  return answer;
}

std::string_view to_word(UsageDimension dimension) {
  switch (dimension) {
    case UsageDimension::day:
      return "day";
    case UsageDimension::user:
      return "user";
    case UsageDimension::session:
      return "session";
    case UsageDimension::provider:
      return "provider";
    case UsageDimension::model:
      return "model";
  }
  return "day";
}

core::Result<UsageDimension> parse_usage_dimension(std::string_view text) {
  for (const auto dimension : {UsageDimension::day, UsageDimension::user, UsageDimension::session,
                               UsageDimension::provider, UsageDimension::model}) {
    if (to_word(dimension) == text) return dimension;
  }
  return bad("group_by", "must be day, user, session, provider or model");
}

core::Result<std::chrono::sys_days> parse_day(std::string_view text, std::string_view field) {
  const auto wrong = [&] { return bad(field, "must be a day, like 2026-11-21"); };
  if (text.size() != 10 || text[4] != '-' || text[7] != '-') return wrong();
  int parts[3] = {};
  const std::string_view fields[3] = {text.substr(0, 4), text.substr(5, 2), text.substr(8, 2)};
  for (std::size_t i = 0; i < 3; ++i) {
    const char* const end = fields[i].data() + fields[i].size();
    const auto [stop, error] = std::from_chars(fields[i].data(), end, parts[i]);
    if (error != std::errc{} || stop != end || parts[i] < 0) return wrong();
  }
  const std::chrono::year_month_day day{std::chrono::year{parts[0]},
                                        std::chrono::month{static_cast<unsigned>(parts[1])},
                                        std::chrono::day{static_cast<unsigned>(parts[2])}};
  if (!day.ok()) return wrong();
  return std::chrono::sys_days{day};
}

}  // namespace hansard::projections
