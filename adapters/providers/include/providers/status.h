#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>

#include "core/error.h"
#include "core/time.h"

namespace hansard::providers {

/// How a provider is doing. Holds no secrets. Totals count from the start of the process.
struct ProviderStatus {
  std::string name;
  std::string dialect;
  std::string base_url;
  bool key_configured = false;  ///< calls carry the provider's key, not the client's
  std::string key_missing;      ///< the environment variable that should hold it and does not
  std::uint64_t calls_active = 0;
  std::uint64_t connections_open = 0;  ///< idle ones included
  std::uint64_t connections_idle = 0;

  struct Failure {
    core::Error error;
    core::Timestamp at;
  };
  std::optional<Failure> last_error;            ///< cancelled calls are no failure
  std::optional<core::Timestamp> last_success;  ///< an answer came whole, whatever its status

  std::uint64_t calls = 0;
  std::uint64_t succeeded = 0;  ///< answers that came whole
  std::uint64_t cancelled = 0;
  std::uint64_t connects = 0;  ///< connections opened (TLS done)
  std::uint64_t reuses = 0;    ///< calls sent on a connection that was idle
  std::uint64_t retries = 0;   ///< of those, sent again because it had died meanwhile
  std::map<std::string, std::uint64_t, std::less<>> failures;  ///< by `Error::field`
};

}  // namespace hansard::providers
