#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/result.h"
#include "erasure/retention_rule.h"
#include "events/filter/filter.h"
#include "gateway/routes.h"
#include "providers/settings.h"

namespace hansard::cli {

/// A key as written in `hansard.toml`. Its parts are judged where the server is built.
struct KeySetting {
  std::string name;
  std::string key;
  std::string project;
  std::vector<std::string> scopes;
};

/// PEM files of the TCP listeners; empty: they are plain.
struct TlsSetting {
  std::string certificate;
  std::string key;
};

/// A provider that follows a script.
struct ScriptSetting {
  std::string dialect;
  std::string script;  ///< path of a file, or kBuiltinScript
};
using ScriptSettings = std::map<std::string, ScriptSetting, std::less<>>;
inline constexpr std::string_view kBuiltinScript = "builtin";

/// What a start needs to know, from the file, the environment and the flags; later wins. None of it
/// is needed.
///
///   data = "./hansard-data"            HANSARD_DATA       --data
///   listen = ["127.0.0.1:7070"]        HANSARD_LISTEN     --listen    (text or list; commas in the
///   environment) url = "http://..."                 HANSARD_URL        --url       (clients)
///   project = "default"                HANSARD_PROJECT    --project
///   (never in a file of the client)    HANSARD_KEY                    (clients)
///   ca_file = "ca.pem"                 HANSARD_CA_FILE    --ca-file   (clients, for https://)
///   threads = 0                        HANSARD_THREADS    --threads
///   [log] level, file                  HANSARD_LOG_LEVEL, HANSARD_LOG_FILE   --log-level
///   [log.components] http = "debug"
///   [limits] body_bytes = 33554432     HANSARD_LIMITS_BODY_BYTES
///   [[keys]] name, key, project, scopes
///   [tls] certificate, key             PEM files: the TCP listeners speak TLS
///   [gateway] recording = "strict"     strict, relaxed or off
///   [gateway] ask_for_usage = true
///   [audit] checkpoint_to = []         files and addresses that get a copy of each checkpoint
///   [experiments] check_every = "10s"  how often automatic ones are looked at; "0s": never
///   [erasure] ledger = "/safe/hansard.erasures"   where erased ids are kept; beside the data
///   unless said
///   [[retention]] name, older_than = "90d", project, tags, status, apply = false
///   [providers.NAME] base_url, dialect, key or key_env, key_style, ca_file, ...: over what is
///   known of providers by name
///   [providers.NAME] script, dialect: follows a script instead
///   [filter] detect = ["email", "phone", "card", "key"]     HANSARD_FILTER_DETECT (with commas)
///   [[filter.rules]] name, pattern, path, project: what is not recorded (events/filter/filter.h)
///   [routes.NAME] targets, fallbacks, ...: `route_settings.h`
struct Settings {
  std::string data = "./hansard-data";
  std::vector<std::string> listen = {"127.0.0.1:7070"};
  std::optional<std::string> url;
  std::string project = "default";
  std::optional<std::string> key;
  std::string ca_file;  ///< empty: the system's authorities
  int threads = 0;
  std::string log_level = "info";
  std::string log_file;
  std::map<std::string, std::string> log_components;
  std::map<std::string, std::uint64_t> limits;
  std::vector<KeySetting> keys;
  TlsSetting tls;
  std::string gateway_recording = "strict";
  bool gateway_asks_for_usage = true;
  std::chrono::milliseconds experiments_check_every{10'000};
  std::vector<std::string> checkpoint_to;
  providers::Settings providers = providers::default_settings();
  ScriptSettings scripts = {{"scripted", {"openai", std::string(kBuiltinScript)}}};
  std::map<std::string, gateway::RouteOptions, std::less<>> routes;
  events::FilterSettings filter;
  std::vector<RetentionRule> retention;
  std::string erasure_ledger;  ///< empty: beside the data directory
  std::string source;          ///< the file read, or empty

  /// `<data>.erasures` unless another place is named: outside of the data and of its backups.
  [[nodiscard]] std::filesystem::path erasure_ledger_path() const;
};

/// Value of an environment variable, or nothing.
using Environment = std::function<std::optional<std::string>(const std::string& name)>;
/// The process's own.
Environment process_environment();

/// Reads the text of a `hansard.toml` over `settings`. Unknown names are errors: a misspelt limit
/// must not silently be no limit.
/// Errors: invalid_argument (with `file:line`, and the dotted name as `field`).
core::Status read_toml(const std::string& text, const std::string& file, Settings& settings);

/// File (`path`, else HANSARD_CONFIG, else ./hansard.toml where it exists), then environment.
/// Errors: invalid_argument; not_found when a named file is missing.
core::Result<Settings> load_settings(const std::optional<std::string>& path,
                                     const Environment& environment);

}  // namespace hansard::cli
