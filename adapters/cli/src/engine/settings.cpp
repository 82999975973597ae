#include "engine/settings.h"

#include <charconv>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <initializer_list>
#include <sstream>
#include <string_view>

#include "engine/route_settings.h"
#include "engine/toml_reader.h"
#include "events/erasure/decider.h"
#include "http/limits.h"

namespace hansard::cli {

namespace {

using core::Errc;
using core::Error;
using core::Ok;
using core::Result;
using core::Status;

void read_log(TomlReader& reader, const toml::table& table, Settings& out) {
  for (const auto& [key, node] : table) {
    const std::string name = "log." + std::string(key.str());
    if (key == "level") {
      reader.text(node, name, out.log_level);
    } else if (key == "file") {
      reader.text(node, name, out.log_file);
    } else if (key == "components") {
      const toml::table* components = reader.table(node, name);
      if (components == nullptr) return;
      for (const auto& [component, level] : *components) {
        const std::string full = name + "." + std::string(component.str());
        reader.text(level, full, out.log_components[std::string(component.str())]);
      }
    } else {
      reader.fail(node, name, "unknown setting");
    }
  }
}

void read_key(TomlReader& reader, const toml::table& table, Settings& out) {
  KeySetting setting;
  setting.project = "default";
  for (const auto& [key, node] : table) {
    const std::string name = "keys." + std::string(key.str());
    if (key == "name") {
      reader.text(node, name, setting.name);
    } else if (key == "key") {
      reader.text(node, name, setting.key);
    } else if (key == "project") {
      reader.text(node, name, setting.project);
    } else if (key == "scopes") {
      reader.texts(node, name, setting.scopes);
    } else {
      reader.fail(node, name, "unknown setting");
    }
  }
  if (setting.name.empty()) reader.fail(table, "keys.name", "is missing");
  if (setting.key.empty()) reader.fail(table, "keys.key", "is missing");
  out.keys.push_back(std::move(setting));
}

void read_tls(TomlReader& reader, const toml::table& table, Settings& out) {
  for (const auto& [key, node] : table) {
    const std::string name = "tls." + std::string(key.str());
    if (key == "certificate") {
      reader.text(node, name, out.tls.certificate);
    } else if (key == "key") {
      reader.text(node, name, out.tls.key);
    } else {
      reader.fail(node, name, "unknown setting");
    }
  }
  if (out.tls.certificate.empty()) reader.fail(table, "tls.certificate", "is missing");
  if (out.tls.key.empty()) reader.fail(table, "tls.key", "is missing");
}

void read_audit(TomlReader& reader, const toml::table& table, Settings& out) {
  for (const auto& [key, node] : table) {
    const std::string name = "audit." + std::string(key.str());
    if (key.str() == "checkpoint_to") {
      reader.texts(node, name, out.checkpoint_to);
    } else {
      reader.fail(node, name, "unknown setting");
    }
  }
}

void read_experiments(TomlReader& reader, const toml::table& table, Settings& out) {
  for (const auto& [key, node] : table) {
    const std::string name = "experiments." + std::string(key.str());
    if (key.str() == "check_every") {
      reader.wait(node, name, out.experiments_check_every);
    } else {
      reader.fail(node, name, "no such setting");
    }
  }
}

void read_erasure(TomlReader& reader, const toml::table& table, Settings& out) {
  for (const auto& [key, node] : table) {
    const std::string name = "erasure." + std::string(key.str());
    if (key.str() == "ledger") {
      reader.text(node, name, out.erasure_ledger);
    } else {
      reader.fail(node, name, "no such setting");
    }
  }
}

/// `90d`; longer than a wait may be.
std::optional<std::chrono::seconds> parse_age(std::string_view text) {
  std::int64_t value = 0;
  const auto read = std::from_chars(text.data(), text.data() + text.size(), value);
  if (read.ec != std::errc{} || value < 0) return {};
  const std::string_view unit = text.substr(static_cast<std::size_t>(read.ptr - text.data()));
  const std::int64_t seconds = unit == "s"   ? 1
                               : unit == "m" ? 60
                               : unit == "h" ? 3'600
                               : unit == "d" ? 86'400
                                             : 0;
  constexpr std::int64_t kMost = std::int64_t{100} * 366 * 86'400;
  if (seconds == 0 || value > kMost / seconds) return {};
  return std::chrono::seconds(value * seconds);
}

void read_retention(TomlReader& reader, const toml::table& table, Settings& out) {
  RetentionRule rule;
  bool aged = false;
  for (const auto& [key, node] : table) {
    const std::string name = "retention." + std::string(key.str());
    if (key == "name") {
      reader.text(node, name, rule.name);
    } else if (key == "older_than") {
      std::string text;
      reader.text(node, name, text);
      const auto age = parse_age(text);
      if (!age) reader.fail(node, name, "expected an age like \"90d\" or \"12h\"");
      rule.older_than = age.value_or(std::chrono::seconds{0});
      aged = true;
    } else if (key == "project") {
      reader.text(node, name, rule.project);
    } else if (key == "status") {
      reader.text(node, name, rule.status.emplace());
      if (*rule.status != "open" && *rule.status != "ended") {
        reader.fail(node, name, "expected open or ended");
      }
    } else if (key == "apply") {
      reader.flag(node, name, rule.apply);
    } else if (key == "tags") {
      const auto* tags = reader.table(node, name);
      if (tags == nullptr) return;
      for (const auto& [tag, value] : *tags) {
        auto& [tag_key, tag_value] = rule.tags.emplace_back();
        tag_key = std::string(tag.str());
        reader.text(value, name + "." + tag_key, tag_value);
      }
    } else {
      reader.fail(node, name, "unknown setting");
    }
  }
  const auto word = events::check_erasure_word(rule.name, "name");
  if (!word) reader.fail(table, "retention.name", "expected 1 to 64 of a-z 0-9 _ . -");
  if (!aged) reader.fail(table, "retention.older_than", "is missing");
  const auto project = core::ProjectId::parse(rule.project);
  if (!project) reader.fail(table, "retention.project", project.error().message);
  for (const RetentionRule& other : out.retention) {
    if (other.name == rule.name) reader.fail(table, "retention.name", "stands there twice");
  }
  out.retention.push_back(std::move(rule));
}

void read_gateway(TomlReader& reader, const toml::table& table, Settings& out) {
  for (const auto& [key, node] : table) {
    const std::string name = "gateway." + std::string(key.str());
    if (key == "recording") {
      reader.text(node, name, out.gateway_recording);
      if (out.gateway_recording != "strict" && out.gateway_recording != "relaxed" &&
          out.gateway_recording != "off") {
        reader.fail(node, name, "expected strict, relaxed or off");
      }
    } else if (key == "ask_for_usage") {
      reader.flag(node, name, out.gateway_asks_for_usage);
    } else {
      reader.fail(node, name, "unknown setting");
    }
  }
}

void read_provider(TomlReader& reader, const std::string& provider, const toml::table& table,
                   Settings& out) {
  const std::string at = "providers." + provider;
  const auto known = out.providers.providers.find(provider);
  providers::ProviderSettings setting =
      known != out.providers.providers.end()
          ? known->second
          : providers::known_provider(provider).value_or(providers::ProviderSettings{});
  for (const auto& [key, node] : table) {
    const std::string name = at + "." + std::string(key.str());
    if (key == "base_url") {
      reader.text(node, name, setting.base_url);
    } else if (key == "dialect") {
      reader.text(node, name, setting.dialect);
    } else if (key == "key") {
      reader.text(node, name, setting.key);
    } else if (key == "key_env") {
      reader.text(node, name, setting.key_env);
    } else if (key == "key_style") {
      std::string style;
      reader.text(node, name, style);
      const auto found = providers::key_style(style);
      if (found) {
        setting.key_style = *found;
      } else {
        reader.fail(node, name, "expected bearer, x-api-key or api-key");
      }
    } else if (key == "ca_file") {
      reader.text(node, name, setting.ca_file);
    } else if (key == "insecure_skip_verify") {
      reader.flag(node, name, setting.insecure_skip_verify);
    } else if (key == "max_connections") {
      reader.count(node, name, setting.connections_max);
    } else if (key == "max_idle_connections") {
      reader.count(node, name, setting.idle_connections_max);
    } else if (key == "idle_time") {
      reader.wait(node, name, setting.idle_time);
    } else if (key == "timeouts") {
      read_timeouts(reader, node, name, setting.deadlines);
    } else if (key == "fields") {
      const toml::table* fields = reader.table(node, name);
      if (fields == nullptr) continue;
      for (const auto& [field, value] : *fields) {
        const std::string named(field.str());
        core::HttpField& added = setting.fields.emplace_back();
        added.name = named;
        reader.text(value, name + "." + named, added.value);
      }
    } else {
      reader.fail(node, name, "unknown setting");
    }
  }
  if (setting.base_url.empty()) reader.fail(table, at + ".base_url", "is missing");
  out.scripts.erase(provider);
  out.providers.providers[provider] = std::move(setting);
}

/// One that follows a script, and has no more to say than in which API it says no.
void read_script(TomlReader& reader, const std::string& provider, const toml::table& table,
                 Settings& out) {
  ScriptSetting setting{"openai", ""};
  for (const auto& [key, node] : table) {
    const std::string name = "providers." + provider + "." + std::string(key.str());
    if (key == "script") {
      reader.text(node, name, setting.script);
    } else if (key == "dialect") {
      reader.text(node, name, setting.dialect);
      const bool known = setting.dialect == "openai" || setting.dialect == "anthropic" ||
                         setting.dialect == "ollama";
      if (!known) reader.fail(node, name, "expected openai, anthropic or ollama");
    } else {
      reader.fail(node, name, "a provider with a script has a dialect, and nothing else");
    }
  }
  out.providers.providers.erase(provider);
  out.scripts[provider] = std::move(setting);
}

void read_filter_rule(TomlReader& reader, const std::string& at, const toml::table& table,
                      events::FilterRule& out) {
  for (const auto& [key, node] : table) {
    const std::string name = at + "." + std::string(key.str());
    if (key == "name") {
      reader.text(node, name, out.name);
    } else if (key == "pattern") {
      reader.text(node, name, out.pattern.emplace());
    } else if (key == "path") {
      reader.text(node, name, out.path.emplace());
    } else if (key == "project") {
      reader.text(node, name, out.project.emplace());
    } else {
      reader.fail(node, name, "unknown setting");
    }
  }
}

void read_filter(TomlReader& reader, const toml::table& table, Settings& out) {
  for (const auto& [key, node] : table) {
    const std::string name = "filter." + std::string(key.str());
    if (key == "detect") {
      reader.texts(node, name, out.filter.detect);
    } else if (key == "rules") {
      const auto* list = node.as_array();
      if (list == nullptr) return reader.fail(node, name, "expected [[filter.rules]]");
      out.filter.rules.clear();
      for (const toml::node& element : *list) {
        const std::string at = name + "[" + std::to_string(out.filter.rules.size()) + "]";
        const auto* rule = reader.table(element, at);
        if (rule != nullptr) read_filter_rule(reader, at, *rule, out.filter.rules.emplace_back());
      }
    } else {
      reader.fail(node, name, "unknown setting");
    }
  }
}

void read_top(TomlReader& reader, std::string_view key, const toml::node& node, Settings& out) {
  const std::string name(key);
  if (key == "data") {
    reader.text(node, name, out.data);
  } else if (key == "listen") {
    reader.texts(node, name, out.listen);
  } else if (key == "url") {
    reader.text(node, name, out.url.emplace());
  } else if (key == "project") {
    reader.text(node, name, out.project);
  } else if (key == "ca_file") {
    reader.text(node, name, out.ca_file);
  } else if (key == "threads") {
    std::uint64_t threads = 0;
    reader.number(node, name, threads);
    if (threads > 1024) reader.fail(node, name, "more than 1024");
    out.threads = static_cast<int>(threads);
  } else if (key == "log") {
    if (const auto* table = reader.table(node, name)) read_log(reader, *table, out);
  } else if (key == "limits") {
    const auto* table = reader.table(node, name);
    if (table == nullptr) return;
    for (const auto& [limit, value] : *table) {
      const std::string limit_name(limit.str());
      reader.number(value, "limits." + limit_name, out.limits[limit_name]);
    }
  } else if (key == "keys") {
    const auto* list = node.as_array();
    if (list == nullptr) return reader.fail(node, name, "expected [[keys]]");
    out.keys.clear();
    for (const toml::node& element : *list) {
      if (const auto* table = reader.table(element, name)) read_key(reader, *table, out);
    }
  } else if (key == "tls") {
    if (const auto* table = reader.table(node, name)) read_tls(reader, *table, out);
  } else if (key == "audit") {
    if (const auto* table = reader.table(node, name)) read_audit(reader, *table, out);
  } else if (key == "experiments") {
    if (const auto* table = reader.table(node, name)) read_experiments(reader, *table, out);
  } else if (key == "filter") {
    if (const auto* table = reader.table(node, name)) read_filter(reader, *table, out);
  } else if (key == "retention") {
    const auto* list = node.as_array();
    if (list == nullptr) return reader.fail(node, name, "expected [[retention]]");
    out.retention.clear();
    for (const toml::node& element : *list) {
      if (const auto* table = reader.table(element, name)) read_retention(reader, *table, out);
    }
  } else if (key == "erasure") {
    if (const auto* table = reader.table(node, name)) read_erasure(reader, *table, out);
  } else if (key == "gateway") {
    if (const auto* table = reader.table(node, name)) read_gateway(reader, *table, out);
  } else if (key == "providers") {
    const auto* table = reader.table(node, name);
    if (table == nullptr) return;
    for (const auto& [provider, value] : *table) {
      const std::string named(provider.str());
      const auto* own = reader.table(value, "providers." + named);
      if (own == nullptr) continue;
      if (own->contains("script")) {
        read_script(reader, named, *own, out);
      } else {
        read_provider(reader, named, *own, out);
      }
    }
  } else if (key == "routes") {
    const auto* table = reader.table(node, name);
    if (table == nullptr) return;
    for (const auto& [route, value] : *table) {
      const std::string named(route.str());
      const auto* own = reader.table(value, "routes." + named);
      if (own != nullptr) out.routes[named] = read_route(reader, "routes." + named, *own);
    }
  } else {
    reader.fail(node, name, "unknown setting");
  }
}

std::vector<std::string> split_commas(const std::string& text) {
  std::vector<std::string> out;
  std::istringstream in(text);
  for (std::string piece; std::getline(in, piece, ',');) out.push_back(piece);
  return out;
}

Result<std::uint64_t> parse_number(const std::string& variable, const std::string& text) {
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size()) {
    return Error{Errc::invalid_argument, variable + ": expected a number, found " + text, variable};
  }
  return value;
}

Status read_environment(const Environment& environment, Settings& out) {
  const auto take = [&](const char* name, std::string& into) {
    if (auto value = environment(name)) into = *std::move(value);
  };
  take("HANSARD_DATA", out.data);
  take("HANSARD_PROJECT", out.project);
  take("HANSARD_LOG_LEVEL", out.log_level);
  take("HANSARD_LOG_FILE", out.log_file);
  take("HANSARD_CA_FILE", out.ca_file);
  if (auto value = environment("HANSARD_LISTEN")) out.listen = split_commas(*value);
  if (auto value = environment("HANSARD_FILTER_DETECT")) out.filter.detect = split_commas(*value);
  if (auto value = environment("HANSARD_URL")) out.url = std::move(value);
  if (auto value = environment("HANSARD_KEY")) out.key = std::move(value);
  if (auto value = environment("HANSARD_THREADS")) {
    const auto number = parse_number("HANSARD_THREADS", *value);
    if (!number) return number.error();
    if (*number > 1024) {
      return Error{Errc::invalid_argument, "HANSARD_THREADS: more than 1024", "HANSARD_THREADS"};
    }
    out.threads = static_cast<int>(*number);
  }
  for (const http::LimitRow& limit : http::limit_table()) {
    std::string name = "HANSARD_LIMITS_";
    for (const char c : limit.name) {
      name += static_cast<char>(c >= 'a' && c <= 'z' ? c - 'a' + 'A' : c);
    }
    const auto value = environment(name);
    if (!value) continue;
    const auto number = parse_number(name, *value);
    if (!number) return number.error();
    out.limits[std::string(limit.name)] = *number;
  }
  return Ok{};
}

}  // namespace

std::filesystem::path Settings::erasure_ledger_path() const {
  if (!erasure_ledger.empty()) return erasure_ledger;
  std::filesystem::path beside = std::filesystem::path(data).lexically_normal();
  if (!beside.has_filename()) beside = beside.parent_path();
  if (beside.empty() || beside == "." || beside == "..") {
    std::error_code ignored;
    beside = std::filesystem::absolute(beside, ignored).lexically_normal();
    if (!beside.has_filename()) beside = beside.parent_path();
  }
  beside += ".erasures";
  return beside;
}

Environment process_environment() {
  return [](const std::string& name) -> std::optional<std::string> {
    const char* value = std::getenv(name.c_str());
    if (value == nullptr || *value == '\0') return std::nullopt;
    return std::string(value);
  };
}

Status read_toml(const std::string& text, const std::string& file, Settings& settings) {
  const toml::parse_result parsed = toml::parse(text, file);
  if (!parsed) {
    const toml::parse_error& error = parsed.error();
    return Error{Errc::invalid_argument, file + ":" + std::to_string(error.source().begin.line) +
                                             ": " + std::string(error.description())};
  }
  TomlReader reader(file);
  for (const auto& [key, node] : parsed.table()) read_top(reader, key.str(), node, settings);
  // Last: a route may stand before the providers that it names.
  if (auto status = reader.status(); !status) return status;
  const auto dialect_of = [&](const std::string& name) -> std::optional<std::string> {
    if (const auto script = settings.scripts.find(name); script != settings.scripts.end()) {
      return script->second.dialect;
    }
    const auto provider = settings.providers.providers.find(name);
    if (provider == settings.providers.providers.end()) return std::nullopt;
    return provider->second.dialect;
  };
  return settle_routes(file, dialect_of, settings.routes);
}

Result<Settings> load_settings(const std::optional<std::string>& path,
                               const Environment& environment) {
  Settings settings;
  std::optional<std::string> file = path ? path : environment("HANSARD_CONFIG");
  constexpr const char* kUsual = "hansard.toml";
  std::error_code ignored;
  if (!file && std::filesystem::exists(kUsual, ignored)) file = kUsual;
  if (file) {
    std::ifstream in(*file, std::ios::binary);
    if (!in) return Error{Errc::not_found, "cannot read the configuration file " + *file};
    std::ostringstream text;
    text << in.rdbuf();
    const Status read = read_toml(text.str(), *file, settings);
    if (!read) return read.error();
    settings.source = *file;
  }
  const Status read = read_environment(environment, settings);
  if (!read) return read.error();
  return settings;
}

}  // namespace hansard::cli
