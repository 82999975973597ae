#include "engine/route_settings.h"

#include <algorithm>
#include <array>
#include <functional>
#include <initializer_list>
#include <optional>
#include <string_view>
#include <vector>

#include "events/pricing/dollars.h"

namespace hansard::cli {

namespace {

using gateway::RouteOptions;

/// Settings of one table, each with what reads it.
struct Row {
  std::string_view key;
  std::function<void(const toml::node&, const std::string& name)> read;
};

void read_rows(TomlReader& reader, const toml::table& table, const std::string& at,
               std::initializer_list<Row> rows) {
  for (const auto& [key, node] : table) {
    const std::string_view said = key.str();
    const std::string name = at + "." + std::string(said);
    const auto row = std::find_if(rows.begin(), rows.end(),
                                  [said](const Row& each) { return each.key == said; });
    if (row == rows.end()) {
      reader.fail(node, name, "unknown setting");
    } else {
      row->read(node, name);
    }
  }
}

/// Reads into `out`, as a member of the reader does it.
template <class T, class How>
auto into(TomlReader& reader, How how, T& out) {
  return [&reader, how, &out](const toml::node& node, const std::string& name) {
    (reader.*how)(node, name, out);
  };
}
/// The same, where nothing is something else.
template <class T, class How>
auto into(TomlReader& reader, How how, std::optional<T>& out) {
  return [&reader, how, &out](const toml::node& node, const std::string& name) {
    (reader.*how)(node, name, out.emplace());
  };
}

void read_targets(TomlReader& reader, const toml::node& node, const std::string& at,
                  std::vector<gateway::Target>& out) {
  constexpr std::size_t kTargetsMax = 16;
  constexpr std::array<std::string_view, 3> kDialects{"openai", "anthropic", "ollama"};
  const toml::array* list = node.as_array();
  if (list == nullptr) return reader.fail(node, at, "expected a list of { provider = ... }");
  if (list->size() > kTargetsMax) return reader.fail(node, at, "more than 16");
  for (std::size_t i = 0; i < list->size(); ++i) {
    const std::string name = at + "[" + std::to_string(i) + "]";
    const toml::table* table = reader.table(*list->get(i), name);
    if (table == nullptr) return;
    gateway::Target& target = out.emplace_back();
    read_rows(reader, *table, name,
              {{"provider", into(reader, &TomlReader::text, target.provider)},
               {"model", into(reader, &TomlReader::text, target.model)},
               {"dialect", into(reader, &TomlReader::text, target.dialect)},
               {"weight", into(reader, &TomlReader::small, target.weight)}});
    if (target.provider.empty()) reader.fail(*table, name + ".provider", "is missing");
    if (target.dialect &&
        std::find(kDialects.begin(), kDialects.end(), *target.dialect) == kDialects.end()) {
      reader.fail(*table, name + ".dialect", "expected openai, anthropic or ollama");
    }
  }
}

void read_retry(TomlReader& reader, const toml::table& table, const std::string& at,
                gateway::RetryOptions& out) {
  constexpr std::uint32_t kAttemptsMax = 20;
  read_rows(reader, table, at,
            {{"attempts", into(reader, &TomlReader::small, out.attempts_max)},
             {"base", into(reader, &TomlReader::wait, out.base)},
             {"max", into(reader, &TomlReader::wait, out.max)},
             {"retry_after_max", into(reader, &TomlReader::wait, out.retry_after_max)}});
  if (out.attempts_max < 1 || out.attempts_max > kAttemptsMax) {
    reader.fail(table, at + ".attempts", "expected 1 to 20");
  }
}

void read_breaker(TomlReader& reader, const toml::table& table, const std::string& at,
                  gateway::BreakerOptions& out) {
  read_rows(reader, table, at,
            {{"consecutive", into(reader, &TomlReader::small, out.consecutive)},
             {"failure_rate", into(reader, &TomlReader::share, out.failure_rate)},
             {"requests_min", into(reader, &TomlReader::small, out.requests_min)},
             {"window", into(reader, &TomlReader::wait, out.window)},
             {"open_for", into(reader, &TomlReader::wait, out.open_for)}});
  if (out.window.count() == 0) reader.fail(table, at + ".window", "is 0");
  if (out.open_for.count() == 0) reader.fail(table, at + ".open_for", "is 0");
  if (out.consecutive == 0 && out.failure_rate == 0) {
    reader.fail(table, at, "has no rule: say consecutive or failure_rate");
  }
}

void read_rate_limit(TomlReader& reader, const toml::table& table, const std::string& at,
                     gateway::RateLimitOptions& out) {
  read_rows(reader, table, at,
            {{"by", into(reader, &TomlReader::text, out.by)},
             {"requests", into(reader, &TomlReader::number, out.requests)},
             {"tokens", into(reader, &TomlReader::number, out.tokens)},
             {"per", into(reader, &TomlReader::wait, out.per)},
             {"waits", into(reader, &TomlReader::flag, out.waits)},
             {"wait_max", into(reader, &TomlReader::wait, out.wait_max)}});
  if (out.by != "route" && out.by != "key" && out.by != "user") {
    reader.fail(table, at + ".by", "expected route, key or user");
  }
  if (!out.requests && !out.tokens) reader.fail(table, at, "has no limit: say requests or tokens");
  if (out.requests == 0U) reader.fail(table, at + ".requests", "is 0");
  if (out.tokens == 0U) reader.fail(table, at + ".tokens", "is 0");
  if (out.per.count() == 0) reader.fail(table, at + ".per", "is 0");
}

void read_budget(TomlReader& reader, const toml::table& table, const std::string& at,
                 gateway::BudgetOptions& out) {
  std::string usd;
  std::string unpriced = "refuse";
  read_rows(reader, table, at,
            {{"by", into(reader, &TomlReader::text, out.by)},
             {"period", into(reader, &TomlReader::text, out.period)},
             {"requests", into(reader, &TomlReader::number, out.requests)},
             {"tokens", into(reader, &TomlReader::number, out.tokens)},
             {"usd", into(reader, &TomlReader::text, usd)},
             {"unpriced", into(reader, &TomlReader::text, unpriced)}});
  if (!usd.empty()) {
    out.pico_usd = events::pricing::pico_from_dollars(usd);
    if (!out.pico_usd || *out.pico_usd <= 0) {
      reader.fail(table, at + ".usd", "expected dollars as a text, such as \"12.50\"");
    }
  }
  if (unpriced != "refuse" && unpriced != "allow") {
    reader.fail(table, at + ".unpriced", "expected refuse or allow");
  }
  out.allows_unpriced = unpriced == "allow";
  constexpr std::string_view kTag = "tag:";
  const bool tag = out.by.starts_with(kTag) && out.by.size() > kTag.size();
  if (out.by != "route" && out.by != "key" && out.by != "user" && !tag) {
    reader.fail(table, at + ".by", "expected route, key, user or tag:<key>");
  }
  if (out.period != "day" && out.period != "month" && out.period != "ever") {
    reader.fail(table, at + ".period", "expected day, month or ever");
  }
  if (!out.requests && !out.tokens && usd.empty()) {
    reader.fail(table, at, "has no limit: say requests, tokens or usd");
  }
}

void read_budgets(TomlReader& reader, const toml::node& node, const std::string& at,
                  std::vector<gateway::BudgetOptions>& out) {
  constexpr std::size_t kBudgetsMax = 16;
  const toml::array* list = node.as_array();
  if (list == nullptr) return reader.fail(node, at, "expected a list of { by = ... }");
  if (list->size() > kBudgetsMax) return reader.fail(node, at, "more than 16");
  for (std::size_t i = 0; i < list->size(); ++i) {
    const std::string name = at + "[" + std::to_string(i) + "]";
    if (const toml::table* table = reader.table(*list->get(i), name)) {
      read_budget(reader, *table, name, out.emplace_back());
    }
  }
}

void read_cache(TomlReader& reader, const toml::table& table, const std::string& at,
                gateway::CacheOptions& out) {
  read_rows(reader, table, at,
            {{"ttl", into(reader, &TomlReader::wait, out.ttl)},
             {"entries_max", into(reader, &TomlReader::count, out.entries_max)},
             {"bytes_max", into(reader, &TomlReader::count, out.bytes_max)}});
  if (out.ttl.count() == 0) reader.fail(table, at + ".ttl", "is 0");
}

void read_mode(TomlReader& reader, const toml::node& node, const std::string& at,
               gateway::Mode& out) {
  std::string mode;
  reader.text(node, at, mode);
  if (mode == "live") {
    out = gateway::Mode::live;
  } else if (mode == "record-playback") {
    out = gateway::Mode::record_playback;
  } else if (mode == "playback") {
    out = gateway::Mode::playback;
  } else {
    reader.fail(node, at, "expected live, record-playback or playback");
  }
}

}  // namespace

void read_timeouts(TomlReader& reader, const toml::node& node, const std::string& at,
                   core::ProviderDeadlines& out) {
  if (const toml::table* table = reader.table(node, at)) {
    read_rows(reader, *table, at,
              {{"connect", into(reader, &TomlReader::wait, out.connect)},
               {"first_byte", into(reader, &TomlReader::wait, out.first_byte)},
               {"idle", into(reader, &TomlReader::wait, out.idle)},
               {"total", into(reader, &TomlReader::wait, out.total)}});
  }
}

RouteOptions read_route(TomlReader& reader, const std::string& at, const toml::table& table) {
  RouteOptions route;
  using Name = const std::string&;
  /// A table of its own, as `read` reads it.
  const auto part = [&](auto read, auto& out) {
    return [&reader, read, &out](const toml::node& node, Name name) {
      if (const toml::table* own = reader.table(node, name)) read(reader, *own, name, out);
    };
  };
  read_rows(
      reader, table, at,
      {{"targets",
        [&](const toml::node& n, Name at_) { read_targets(reader, n, at_, route.targets); }},
       {"fallbacks",
        [&](const toml::node& n, Name at_) { read_targets(reader, n, at_, route.fallbacks); }},
       {"retry", part(read_retry, route.retry)},
       {"breaker", part(read_breaker, route.breaker)},
       {"rate_limit",
        [&](const toml::node& n, Name at_) {
          if (const toml::table* own = reader.table(n, at_)) {
            read_rate_limit(reader, *own, at_, route.rate_limit.emplace());
          }
        }},
       {"budgets",
        [&](const toml::node& n, Name at_) { read_budgets(reader, n, at_, route.budgets); }},
       {"cache",
        [&](const toml::node& n, Name at_) {
          if (const toml::table* own = reader.table(n, at_)) {
            read_cache(reader, *own, at_, route.cache.emplace());
          }
        }},
       {"timeouts", [&](const toml::node& n,
                        Name at_) { read_timeouts(reader, n, at_, route.deadlines.emplace()); }},
       {"mode", [&](const toml::node& n, Name at_) { read_mode(reader, n, at_, route.mode); }},
       {"original_pace", into(reader, &TomlReader::flag, route.original_pace)}});
  const bool drawn = std::any_of(route.targets.begin(), route.targets.end(),
                                 [](const gateway::Target& target) { return target.weight > 0; });
  if (!route.targets.empty() && !drawn) {
    reader.fail(table, at + ".targets", "none has a weight: nothing could be drawn");
  }
  return route;
}

core::Status settle_routes(const std::string& file, const DialectOf& dialect_of,
                           std::map<std::string, RouteOptions, std::less<>>& routes) {
  const auto unknown = [&](const std::string& at, const std::string& provider) {
    return core::Error{core::Errc::invalid_argument,
                       file + ": " + at + ": there is no provider " + provider, at};
  };
  for (auto& [name, route] : routes) {
    const std::string at = "routes." + name;
    // What answers from the record alone needs nobody.
    const bool calls_out = route.mode != gateway::Mode::playback;
    if (calls_out && route.targets.empty() && !dialect_of(name))
      return unknown(at + ".targets", name);
    for (auto* list : {&route.targets, &route.fallbacks}) {
      for (std::size_t i = 0; i < list->size(); ++i) {
        gateway::Target& target = (*list)[i];
        const auto dialect = dialect_of(target.provider);
        if (!dialect) {
          const char* const which = list == &route.targets ? ".targets[" : ".fallbacks[";
          return unknown(at + which + std::to_string(i) + "].provider", target.provider);
        }
        if (!target.dialect && !dialect->empty()) target.dialect = dialect;
      }
    }
  }
  return core::Ok{};
}

}  // namespace hansard::cli
