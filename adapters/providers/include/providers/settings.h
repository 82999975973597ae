#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/model_provider.h"

namespace hansard::providers {

/// The field in which a provider expects its key.
enum class KeyStyle : std::uint8_t {
  bearer,     ///< `Authorization: Bearer <key>`
  x_api_key,  ///< `x-api-key: <key>`
  api_key,    ///< `api-key: <key>`
};

/// The style of that name (`bearer`, `x-api-key`, `api-key`); nothing when there is none.
std::optional<KeyStyle> key_style(std::string_view name);

/// One provider, as configured.
struct ProviderSettings {
  /// `http://` or `https://`, host, optionally a port and a path; no user, query or fragment. A
  /// last segment like `/v1` may be there or not: it is never doubled with that of a target.
  std::string base_url;
  std::string dialect;  ///< whose API it speaks: `openai`, `anthropic`, `ollama`, ...
  std::string key;      ///< the key itself; or
  std::string key_env;  ///< the environment variable that holds it, read when settings are loaded
  KeyStyle key_style = KeyStyle::bearer;
  std::vector<core::HttpField>
      fields;                          ///< sent with each call, replacing the client's of that name
  core::ProviderDeadlines deadlines;   ///< of calls that bring none of their own
  std::size_t connections_max = 1024;  ///< 1..65536; a call beyond is `overloaded`
  std::size_t idle_connections_max = 32;        ///< kept open for later calls; 0: none
  std::chrono::milliseconds idle_time{55'000};  ///< how long; below the 60 s that many hosts wait
  std::string ca_file;                          ///< PEM; empty: the system's authorities
  bool insecure_skip_verify = false;            ///< refused for hosts that are not loopback
};

/// Every configured provider by its name (letters, digits, `-`, `_`, `.`; at most 64).
struct Settings {
  std::map<std::string, ProviderSettings, std::less<>> providers;
};

/// What is known of providers by name, so that configuration may say only what differs.
/// `azure` and `vllm` have no base URL: theirs must be configured. Nothing for unknown names.
std::optional<ProviderSettings> known_provider(std::string_view name);

/// Every known provider that needs no configuration at all.
Settings default_settings();

}  // namespace hansard::providers
