#include "engine/route_settings.h"

#include <gtest/gtest.h>

#include "engine/settings.h"

namespace {

using namespace hansard::cli;
using namespace std::chrono_literals;
using hansard::gateway::Mode;
using hansard::gateway::RouteOptions;

std::string route_problem(const std::string& toml) {
  Settings settings;
  const auto status = read_toml(toml, "f", settings);
  return status ? "" : status.error().message;
}

RouteOptions route(const std::string& name, const std::string& toml) {
  Settings settings;
  const auto status = read_toml("[routes." + name + "]\n" + toml, "f", settings);
  EXPECT_TRUE(status) << status.error().message;
  return settings.routes[name];
}

TEST(RouteSettings, BudgetsMayCountMoney) {
  const RouteOptions read =
      route("openai", "budgets = [{ usd = '12.50' }, { usd = '0.000001', unpriced = 'allow' }]");
  ASSERT_EQ(read.budgets.size(), 2U);
  EXPECT_EQ(read.budgets[0].pico_usd, 12'500'000'000'000);
  EXPECT_FALSE(read.budgets[0].allows_unpriced);
  EXPECT_EQ(read.budgets[1].pico_usd, 1'000'000);
  EXPECT_TRUE(read.budgets[1].allows_unpriced);
}

TEST(RouteSettings, EverythingIsOffUnlessItIsSet) {
  const RouteOptions read = route("openai", "");
  EXPECT_TRUE(read.targets.empty());
  EXPECT_TRUE(read.fallbacks.empty());
  EXPECT_EQ(read.retry.attempts_max, 1U);
  EXPECT_EQ(read.breaker.consecutive, 0U);
  EXPECT_EQ(read.breaker.failure_rate, 0);
  EXPECT_FALSE(read.rate_limit);
  EXPECT_TRUE(read.budgets.empty());
  EXPECT_FALSE(read.cache);
  EXPECT_FALSE(read.deadlines);
  EXPECT_EQ(read.mode, Mode::live);
  EXPECT_FALSE(read.original_pace);
}

TEST(RouteSettings, EverySettingIsRead) {
  const RouteOptions read = route("smart", R"(
targets = [{ provider = "openai", model = "m1", weight = 3 }, { provider = "groq" }]
fallbacks = [{ provider = "anthropic", model = "m2" }, { provider = "groq", dialect = "anthropic" }]
retry = { attempts = 3, base = "100ms", max = "10s", retry_after_max = "2m" }
breaker = { consecutive = 5, failure_rate = 0.5, requests_min = 20, window = "1m", open_for = "15s" }
rate_limit = { by = "user", requests = 60, tokens = 90000, per = "1h", waits = true, wait_max = "5s" }
budgets = [{ by = "tag:team", period = "month", requests = 10, tokens = 20 }, { tokens = 1 }]
cache = { ttl = "7d", entries_max = 5, bytes_max = 6 }
timeouts = { connect = "1s", first_byte = "2s", idle = "3s", total = "4s" }
mode = "record-playback"
original_pace = true
)");
  ASSERT_EQ(read.targets.size(), 2U);
  EXPECT_EQ(read.targets[0].provider, "openai");
  EXPECT_EQ(read.targets[0].model, "m1");
  EXPECT_EQ(read.targets[0].weight, 3U);
  EXPECT_EQ(read.targets[0].dialect, "openai") << "its provider's";
  EXPECT_EQ(read.targets[1].weight, 1U);
  EXPECT_FALSE(read.targets[1].model);
  ASSERT_EQ(read.fallbacks.size(), 2U);
  EXPECT_EQ(read.fallbacks[0].dialect, "anthropic");
  EXPECT_EQ(read.fallbacks[1].dialect, "anthropic") << "as it says";
  EXPECT_EQ(read.retry.attempts_max, 3U);
  EXPECT_EQ(read.retry.base, 100ms);
  EXPECT_EQ(read.retry.max, 10s);
  EXPECT_EQ(read.retry.retry_after_max, 2min);
  EXPECT_EQ(read.breaker.consecutive, 5U);
  EXPECT_EQ(read.breaker.failure_rate, 0.5);
  EXPECT_EQ(read.breaker.requests_min, 20U);
  EXPECT_EQ(read.breaker.window, 1min);
  EXPECT_EQ(read.breaker.open_for, 15s);
  ASSERT_TRUE(read.rate_limit);
  EXPECT_EQ(read.rate_limit->by, "user");
  EXPECT_EQ(read.rate_limit->requests, 60U);
  EXPECT_EQ(read.rate_limit->tokens, 90000U);
  EXPECT_EQ(read.rate_limit->per, 1h);
  EXPECT_TRUE(read.rate_limit->waits);
  EXPECT_EQ(read.rate_limit->wait_max, 5s);
  ASSERT_EQ(read.budgets.size(), 2U);
  EXPECT_EQ(read.budgets[0].by, "tag:team");
  EXPECT_EQ(read.budgets[0].period, "month");
  EXPECT_EQ(read.budgets[0].requests, 10U);
  EXPECT_EQ(read.budgets[0].tokens, 20U);
  EXPECT_EQ(read.budgets[1].by, "key");
  EXPECT_EQ(read.budgets[1].period, "day");
  EXPECT_FALSE(read.budgets[1].requests);
  ASSERT_TRUE(read.cache);
  EXPECT_EQ(read.cache->ttl, 168h);
  EXPECT_EQ(read.cache->entries_max, 5U);
  EXPECT_EQ(read.cache->bytes_max, 6U);
  ASSERT_TRUE(read.deadlines);
  EXPECT_EQ(read.deadlines->connect, 1s);
  EXPECT_EQ(read.deadlines->first_byte, 2s);
  EXPECT_EQ(read.deadlines->idle, 3s);
  EXPECT_EQ(read.deadlines->total, 4s);
  EXPECT_EQ(read.mode, Mode::record_playback);
  EXPECT_TRUE(read.original_pace);
}

TEST(RouteSettings, ARouteMayStandBeforeTheProvidersItNames) {
  EXPECT_EQ(route_problem("[routes.r]\ntargets = [{ provider = 'late' }]\n"
                          "[providers.late]\nbase_url = 'http://127.0.0.1:1'\n"),
            "");
}

TEST(RouteSettings, WhatIsPlayedBackNeedsNoProvider) {
  EXPECT_EQ(route_problem("[routes.tape]\nmode = 'playback'\n"), "");
  EXPECT_EQ(route_problem("[routes.tape]\nmode = 'record-playback'\n"),
            "f: routes.tape.targets: there is no provider tape");
}

TEST(RouteSettings, WhatIsWrongIsNamedWithItsPath) {
  struct Row {
    const char* toml;
    const char* problem;
  };
  for (const Row& row : {
           Row{"retry = 3", "f:2: routes.openai.retry: expected a table"},
           Row{"retry = { tries = 3 }", "f:2: routes.openai.retry.tries: unknown setting"},
           Row{"retry = { attempts = 0 }", "f:2: routes.openai.retry.attempts: expected 1 to 20"},
           Row{"retry = { base = 500 }",
               "f:2: routes.openai.retry.base: expected a length of time like \"500ms\", \"30s\", "
               "\"2m\", \"1h\" or \"7d\""},
           Row{"breaker = { window = '1m' }",
               "f:2: routes.openai.breaker: has no rule: say consecutive or failure_rate"},
           Row{"breaker = { failure_rate = 1.5 }",
               "f:2: routes.openai.breaker.failure_rate: expected a share between 0 and 1"},
           Row{"targets = 'openai'",
               "f:2: routes.openai.targets: expected a list of { provider = ... }"},
           Row{"targets = [{ model = 'm' }]", "f:2: routes.openai.targets[0].provider: is missing"},
           Row{"targets = [{ provider = 'openai', weight = 0 }]",
               "f:1: routes.openai.targets: none has a weight: nothing could be drawn"},
           Row{"targets = [{ provider = 'openai' }, { provider = 'nobody' }]",
               "f: routes.openai.targets[1].provider: there is no provider nobody"},
           Row{"fallbacks = [{ provider = 'openai', dialect = 'latin' }]",
               "f:2: routes.openai.fallbacks[0].dialect: expected openai, anthropic or ollama"},
           Row{"rate_limit = { by = 'moon', requests = 1 }",
               "f:2: routes.openai.rate_limit.by: expected route, key or user"},
           Row{"rate_limit = {}",
               "f:2: routes.openai.rate_limit: has no limit: say requests or tokens"},
           Row{"budgets = [{ by = 'tag:', tokens = 1 }]",
               "f:2: routes.openai.budgets[0].by: expected route, key, user or tag:<key>"},
           Row{"budgets = [{ by = 'key' }]",
               "f:2: routes.openai.budgets[0]: has no limit: say requests, tokens or usd"},
           Row{"budgets = [{ usd = 'ten' }]",
               "f:2: routes.openai.budgets[0].usd: expected dollars as a text, such as \"12.50\""},
           Row{"budgets = [{ usd = '-1' }]",
               "f:2: routes.openai.budgets[0].usd: expected dollars as a text, such as \"12.50\""},
           Row{"budgets = [{ usd = '1', unpriced = 'maybe' }]",
               "f:2: routes.openai.budgets[0].unpriced: expected refuse or allow"},
           Row{"budgets = [{ period = 'week', tokens = 1 }]",
               "f:2: routes.openai.budgets[0].period: expected day, month or ever"},
           Row{"mode = 'dead'",
               "f:2: routes.openai.mode: expected live, record-playback or playback"},
           Row{"timeouts = { total = '-1s' }",
               "f:2: routes.openai.timeouts.total: expected a length of time like \"500ms\", "
               "\"30s\", \"2m\", \"1h\" or \"7d\""},
           Row{"colour = 1", "f:2: routes.openai.colour: unknown setting"},
       }) {
    EXPECT_EQ(route_problem(std::string("[routes.openai]\n") + row.toml), row.problem);
  }
  EXPECT_EQ(route_problem("[routes.acme]\n"), "f: routes.acme.targets: there is no provider acme");
  EXPECT_EQ(route_problem("routes = 3"), "f:1: routes: expected a table");
}

/// As adapters/providers/README.md tells it.
TEST(RouteSettings, ProvidersTakeWhatTheirPageSays) {
  Settings settings;
  const auto status = read_toml(R"([providers.acme]
base_url = "https://api.acme.example/v1"
dialect = "openai"
key_env = "ACME_API_KEY"
key_style = "bearer"
timeouts = { first_byte = "2m", idle = "30s" }
max_connections = 7
max_idle_connections = 3
idle_time = "20s"
fields = { x-team = "blue" }
)",
                                "f", settings);
  ASSERT_TRUE(status) << status.error().message;
  const auto& acme = settings.providers.providers.at("acme");
  EXPECT_EQ(acme.deadlines.first_byte, 2min);
  EXPECT_EQ(acme.deadlines.idle, 30s);
  EXPECT_EQ(acme.deadlines.connect, 10s);
  EXPECT_EQ(acme.connections_max, 7U);
  EXPECT_EQ(acme.idle_connections_max, 3U);
  EXPECT_EQ(acme.idle_time, 20s);
  ASSERT_EQ(acme.fields.size(), 1U);
  EXPECT_EQ(acme.fields[0].name, "x-team");
  EXPECT_EQ(acme.fields[0].value, "blue");
}

}  // namespace
