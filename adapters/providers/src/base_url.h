#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "core/result.h"

namespace hansard::providers {

/// Where a provider's API lives.
struct BaseUrl {
  bool tls = false;
  std::string host;  ///< a name or an address, without brackets, in lower case
  std::uint16_t port = 0;
  std::string path;  ///< without a slash at its end; empty at the root

  /// As in the field `Host`: with brackets around IPv6, and the port unless it is the scheme's own.
  [[nodiscard]] std::string authority() const;
  [[nodiscard]] std::string text() const;
  [[nodiscard]] bool loopback() const;
  bool operator==(const BaseUrl&) const = default;
};

/// Errors: invalid_argument with the reason; it never repeats what may hold a password.
core::Result<BaseUrl> parse_base_url(std::string_view text);

/// The target of a request: `target` below the base's path. Clients are used to base URLs that end
/// in a version, and to targets that begin with one: `/openai/v1` + `/v1/models` is
/// `/openai/v1/models`.
std::string join(const BaseUrl& base, std::string_view target);

/// `127.0.0.0/8`, `::1` or `localhost`.
bool is_loopback_host(std::string_view host);

/// True for an IPv4 or IPv6 address: no name to look up, nor to tell a server.
bool is_address(std::string_view host);

}  // namespace hansard::providers
