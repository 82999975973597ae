#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>

#include "core/model_provider.h"
#include "core/result.h"
#include "engine/toml_reader.h"
#include "gateway/routes.h"

namespace hansard::cli {

/// One route, as `[routes.NAME]` of `hansard.toml` says it:
///
///   targets = [{ provider = "openai", model = "gpt-4o", weight = 3 }, ...]
///   fallbacks = [{ provider = "anthropic", model = "...", dialect = "anthropic" }]
///   retry = { attempts = 3, base = "500ms", max = "30s", retry_after_max = "60s" }
///   breaker = { consecutive = 5, failure_rate = 0.5, requests_min = 10, window = "60s",
///               open_for = "30s" }
///   rate_limit = { by = "key", requests = 60, tokens = 100000, per = "60s", waits = true,
///                  wait_max = "30s" }
///   budgets = [{ by = "user", period = "day", requests = 1000, tokens = 1000000 }]
///   cache = { ttl = "1h", entries_max = 10000, bytes_max = 67108864 }
///   timeouts = { connect = "10s", first_byte = "10m", idle = "5m", total = "0s" }
///   mode = "live"            or "record-playback", "playback"
///   original_pace = false
///
/// What is wrong is told to `reader`, with its path from `at` on.
gateway::RouteOptions read_route(TomlReader& reader, const std::string& at,
                                 const toml::table& table);

/// `connect`, `first_byte`, `idle` and `total`, over what `out` says.
void read_timeouts(TomlReader& reader, const toml::node& node, const std::string& at,
                   core::ProviderDeadlines& out);

/// The dialect of the provider of that name, or nothing where there is none.
using DialectOf = std::function<std::optional<std::string>(const std::string& provider)>;

/// Checks that the routes' providers exist, and tells each target that does not say it the dialect
/// of its provider.
/// Errors: invalid_argument with the path of what names the provider.
core::Status settle_routes(const std::string& file, const DialectOf& dialect_of,
                           std::map<std::string, gateway::RouteOptions, std::less<>>& routes);

}  // namespace hansard::cli
