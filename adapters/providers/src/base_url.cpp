#include "base_url.h"

#include <arpa/inet.h>

#include <algorithm>
#include <charconv>

namespace hansard::providers {

namespace {

constexpr std::uint16_t kHttpPort = 80;
constexpr std::uint16_t kHttpsPort = 443;
constexpr std::size_t kHostBytesMax = 253;  // RFC 1035

bool is_digit(char c) { return c >= '0' && c <= '9'; }

bool host_char(char c) {
  return is_digit(c) || (c >= 'a' && c <= 'z') || c == '-' || c == '.' || c == '_';
}

bool path_char(char c) { return c > ' ' && c < 0x7F && c != '?' && c != '#' && c != '\\'; }

std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return out;
}

core::Error bad(std::string_view why) {
  return {core::Errc::invalid_argument, "base URL: " + std::string(why), "base_url"};
}

/// `v1`, `v12`: what APIs call a version.
bool is_version(std::string_view segment) {
  return segment.size() >= 2 && segment.size() <= 4 && segment.front() == 'v' &&
         std::all_of(segment.begin() + 1, segment.end(), is_digit);
}

}  // namespace

bool is_address(std::string_view host) {
  const std::string text(host);
  in_addr four{};
  in6_addr six{};
  return ::inet_pton(AF_INET, text.c_str(), &four) == 1 ||
         ::inet_pton(AF_INET6, text.c_str(), &six) == 1;
}

bool is_loopback_host(std::string_view host) {
  if (host == "localhost") return true;
  const std::string text(host);
  in_addr four{};
  if (::inet_pton(AF_INET, text.c_str(), &four) == 1) return (ntohl(four.s_addr) >> 24U) == 127;
  in6_addr six{};
  return ::inet_pton(AF_INET6, text.c_str(), &six) == 1 && IN6_IS_ADDR_LOOPBACK(&six);
}

std::string BaseUrl::authority() const {
  std::string out = host.find(':') == std::string::npos ? host : '[' + host + ']';
  if (port != (tls ? kHttpsPort : kHttpPort)) out += ':' + std::to_string(port);
  return out;
}

std::string BaseUrl::text() const { return (tls ? "https://" : "http://") + authority() + path; }

bool BaseUrl::loopback() const { return is_loopback_host(host); }

core::Result<BaseUrl> parse_base_url(std::string_view text) {
  BaseUrl url;
  const std::string scheme = lower(text.substr(0, std::min(text.find("://"), text.size())));
  if (scheme != "http" && scheme != "https") return bad("begin with http:// or https://");
  url.tls = scheme == "https";
  text.remove_prefix(scheme.size() + 3);

  const std::size_t slash = std::min(text.find_first_of("/?#"), text.size());
  std::string_view authority = text.substr(0, slash);
  std::string_view path = text.substr(slash);
  if (authority.find('@') != std::string_view::npos)
    return bad("no user or password here; use key");
  if (!std::all_of(path.begin(), path.end(), path_char)) return bad("no query or fragment here");
  while (!path.empty() && path.back() == '/') path.remove_suffix(1);
  url.path = path;

  std::string_view port;
  if (!authority.empty() && authority.front() == '[') {
    const std::size_t end = authority.find(']');
    if (end == std::string_view::npos) return bad("the address lacks its closing bracket");
    url.host = lower(authority.substr(1, end - 1));
    if (url.host.find(':') == std::string::npos || !is_address(url.host)) {
      return bad("not an IPv6 address");
    }
    port = authority.substr(end + 1);
    if (!port.empty() && port.front() != ':') return bad("unexpected text after the address");
  } else {
    const std::size_t colon = std::min(authority.find(':'), authority.size());
    url.host = lower(authority.substr(0, colon));
    port = authority.substr(colon);
    if (url.host.empty() || url.host.size() > kHostBytesMax ||
        !std::all_of(url.host.begin(), url.host.end(), host_char)) {
      return bad("not a host name");
    }
  }
  url.port = url.tls ? kHttpsPort : kHttpPort;
  if (!port.empty()) {
    port.remove_prefix(1);
    const auto [end, failed] = std::from_chars(port.data(), port.data() + port.size(), url.port);
    if (failed != std::errc{} || end != port.data() + port.size() || url.port == 0) {
      return bad("the port must be 1..65535");
    }
  }
  return url;
}

std::string join(const BaseUrl& base, std::string_view target) {
  const std::size_t last = base.path.rfind('/');
  if (last != std::string::npos && is_version(std::string_view(base.path).substr(last + 1))) {
    const std::string_view version = std::string_view(base.path).substr(last);  // with its slash
    const std::string_view rest = target.substr(std::min(version.size(), target.size()));
    if (target.substr(0, version.size()) == version &&
        (rest.empty() || rest.front() == '/' || rest.front() == '?')) {
      target = rest;
    }
  }
  std::string out = base.path + std::string(target);
  if (out.empty() || out.front() != '/') out.insert(out.begin(), '/');
  return out;
}

}  // namespace hansard::providers
