#pragma once

#include <cstdint>
#include <string>

namespace hansard::gateway {

enum class BreakerState : std::uint8_t {
  closed,     ///< calls pass
  half_open,  ///< one call tries whether the provider is back
  open,       ///< none passes
};

/// How the breaker of a route stands towards one of its providers.
struct BreakerStatus {
  std::string route;
  std::string provider;
  BreakerState state = BreakerState::closed;
  std::uint64_t opened = 0;    ///< times since the start
  std::uint64_t requests = 0;  ///< within the window, since it last changed
  std::uint64_t failures = 0;  ///< of them
};

}  // namespace hansard::gateway
