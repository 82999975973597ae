#include "upstream.h"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <utility>

namespace hansard::providers {

namespace {

constexpr std::size_t kNameBytesMax = 64;
constexpr std::size_t kConnectionsMax = 65536;
constexpr std::size_t kHeadBytesMax = 256U << 10;  // no server takes as much

bool is_alnum(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/// RFC 9110 §5.6.2.
bool is_token(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
    return is_alnum(c) || std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string_view::npos;
  });
}

/// RFC 9110 §5.5; anything that could end the field would begin another one.
bool is_field_value(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) {
    return static_cast<unsigned char>(c) >= ' ' ? c != '\x7F' : c == '\t';
  });
}

bool is_target(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) {
    return static_cast<unsigned char>(c) > ' ' && c != '\x7F' && c != '#';
  });
}

/// The fields in which clients send their key.
bool carries_key(std::string_view lower_name) {
  return lower_name == "authorization" || lower_name == "x-api-key" || lower_name == "api-key";
}

core::Error invalid(std::string field, std::string why) {
  return {core::Errc::invalid_argument, std::move(why), std::move(field)};
}

core::HttpField key_field(KeyStyle style, const std::string& key) {
  switch (style) {
    case KeyStyle::x_api_key:
      return {"x-api-key", key};
    case KeyStyle::api_key:
      return {"api-key", key};
    case KeyStyle::bearer:
      break;
  }
  return {"Authorization", "Bearer " + key};
}

core::Status check_bounds(const std::string& path, const ProviderSettings& settings) {
  if (settings.connections_max == 0 || settings.connections_max > kConnectionsMax) {
    return invalid(path + "max_connections", "must be 1.." + std::to_string(kConnectionsMax));
  }
  if (settings.idle_connections_max > kConnectionsMax) {
    return invalid(path + "max_idle_connections", "must be 0.." + std::to_string(kConnectionsMax));
  }
  const core::ProviderDeadlines& deadlines = settings.deadlines;
  const std::chrono::milliseconds least =
      std::min({deadlines.connect, deadlines.first_byte, deadlines.idle, deadlines.total,
                settings.idle_time});
  if (least.count() < 0) return invalid(path + "timeouts", "a time cannot be negative");
  return core::Ok{};
}

core::Status check_fields(const std::string& path, const ProviderSettings& settings) {
  for (const core::HttpField& field : settings.fields) {
    const std::string name = lower_case(field.name);
    if (!is_token(name) || !is_field_value(field.value)) {
      return invalid(path + "fields", "\"" + field.name + "\" is no field of HTTP");
    }
    if (belongs_to_connection(name) || name == "content-length" || name == "host") {
      return invalid(path + "fields", field.name + " is ours to send");
    }
  }
  return core::Ok{};
}

core::Status read_key(const std::string& path, Upstream& upstream) {
  const ProviderSettings& settings = upstream.settings;
  if (!settings.key.empty() && !settings.key_env.empty()) {
    return invalid(path + "key", "say key or key_env, not both");
  }
  std::string key = settings.key;
  if (!settings.key_env.empty()) {
    const char* held = std::getenv(settings.key_env.c_str());
    key = held == nullptr ? "" : held;
    if (key.empty()) upstream.key_missing = settings.key_env;
  }
  if (key.empty()) return core::Ok{};
  if (!is_field_value(key)) {
    return invalid(path + (settings.key.empty() ? "key_env" : "key"),
                   "the key holds characters that no field of HTTP can carry");
  }
  upstream.fields.push_back(key_field(settings.key_style, key));
  upstream.key_configured = true;
  return core::Ok{};
}

void append_field(std::string& head, std::string_view name, std::string_view value) {
  head.append(name).append(": ").append(value).append("\r\n");
}

}  // namespace

std::string lower_case(std::string_view text) {
  std::string out(text);
  for (char& c : out) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return out;
}

bool belongs_to_connection(std::string_view lower_name) {
  constexpr std::array<std::string_view, 9> kNames{
      "connection", "keep-alive",          "proxy-connection", "proxy-authenticate",
      "te",         "proxy-authorization", "trailer",          "transfer-encoding",
      "upgrade"};
  return std::find(kNames.begin(), kNames.end(), lower_name) != kNames.end();
}

bool lists_token(std::string_view value, std::string_view name) {
  while (!value.empty()) {
    const std::size_t comma = std::min(value.find(','), value.size());
    std::string_view one = value.substr(0, comma);
    while (!one.empty() && (one.front() == ' ' || one.front() == '\t')) one.remove_prefix(1);
    while (!one.empty() && (one.back() == ' ' || one.back() == '\t')) one.remove_suffix(1);
    if (one == name) return true;
    value.remove_prefix(std::min(comma + 1, value.size()));
  }
  return false;
}

bool Upstream::same_connections(const Upstream& other) const {
  return url.tls == other.url.tls && url.host == other.url.host && url.port == other.url.port &&
         settings.ca_file == other.settings.ca_file &&
         settings.insecure_skip_verify == other.settings.insecure_skip_verify;
}

core::Result<std::shared_ptr<const Upstream>> compile(const std::string& name,
                                                      const ProviderSettings& settings,
                                                      TlsContexts& contexts) {
  const std::string path = "providers." + name + ".";
  if (name.empty() || name.size() > kNameBytesMax ||
      !std::all_of(name.begin(), name.end(),
                   [](char c) { return is_alnum(c) || c == '-' || c == '_' || c == '.'; })) {
    return invalid("providers", "a provider's name is 1.." + std::to_string(kNameBytesMax) +
                                    " letters, digits, -, _ or .");
  }
  auto upstream = std::make_shared<Upstream>();
  upstream->name = name;
  upstream->settings = settings;
  auto url = parse_base_url(settings.base_url);
  if (!url) {
    core::Error error = std::move(url).error();
    error.field = path + "base_url";
    return error;
  }
  upstream->url = *std::move(url);
  if (settings.dialect.empty()) return invalid(path + "dialect", "say whose API it speaks");
  if (auto bounds = check_bounds(path, settings); !bounds) return bounds.error();
  if (auto fields = check_fields(path, settings); !fields) return fields.error();
  upstream->fields = settings.fields;
  if (auto key = read_key(path, *upstream); !key) return key.error();
  if (settings.insecure_skip_verify && !upstream->url.loopback()) {
    return invalid(path + "insecure_skip_verify",
                   "only for a host on this machine; name its authority with ca_file instead");
  }
  if (upstream->url.tls) {
    auto& context = contexts[{settings.ca_file, !settings.insecure_skip_verify}];
    if (context == nullptr) {
      auto made = tls::Context::client(settings.ca_file, !settings.insecure_skip_verify);
      if (!made) {
        core::Error error = std::move(made).error();
        error.field = path + "ca_file";
        return error;
      }
      context = *std::move(made);
    }
    upstream->tls = context;
  }
  return std::shared_ptr<const Upstream>(std::move(upstream));
}

core::Result<std::string> request_head(const Upstream& upstream, const core::ProviderCall& call) {
  if (!is_token(call.method) || call.method == "CONNECT") {
    return invalid("method", "not a method to call a model by");
  }
  if (!is_target(call.target)) return invalid("target", "not a path and query");

  std::string head = call.method + ' ' + join(upstream.url, call.target) + " HTTP/1.1\r\n";
  append_field(head, "Host", upstream.url.authority());
  std::string dropped;  // what the client's `Connection` names is its connection's alone
  for (const core::HttpField& field : call.fields) {
    if (lower_case(field.name) == "connection") dropped += lower_case(field.value) + ',';
  }
  bool brings_key = false;
  for (const core::HttpField& field : call.fields) {
    const std::string name = lower_case(field.name);
    if (!is_token(name)) return invalid("fields", "a name that is no token");
    if (!is_field_value(field.value)) {
      return invalid("fields", "the value of " + name + " holds a control character");
    }
    // `Expect` asks the next hop to wait, and we have the whole body already.
    if (belongs_to_connection(name) || lists_token(dropped, name) || name == "host" ||
        name == "content-length" || name == "expect") {
      continue;
    }
    if (carries_key(name)) {
      if (upstream.key_configured) continue;
      brings_key = true;
    }
    const bool replaced =
        std::any_of(upstream.fields.begin(), upstream.fields.end(),
                    [&](const core::HttpField& ours) { return lower_case(ours.name) == name; });
    if (!replaced) append_field(head, field.name, field.value);
  }
  if (!upstream.key_missing.empty() && !brings_key) {
    return core::Error{core::Errc::unauthenticated,
                       "the key of " + upstream.name + " should be in the environment variable " +
                           upstream.key_missing + ", which is not set, and the call brings none",
                       "key"};
  }
  for (const core::HttpField& field : upstream.fields) append_field(head, field.name, field.value);
  // A method that has a body says so even when it is empty (RFC 9110 §8.6).
  if (!call.body.empty() || call.method == "POST" || call.method == "PUT" ||
      call.method == "PATCH") {
    append_field(head, "Content-Length", std::to_string(call.body.size()));
  }
  head += "\r\n";
  if (head.size() > kHeadBytesMax) {
    return core::Error{
        core::Errc::too_large,
        "the head of the request is over " + std::to_string(kHeadBytesMax) + " bytes", "fields"};
  }
  return head;
}

}  // namespace hansard::providers
