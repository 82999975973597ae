#pragma once

#include <atomic>
#include <cstdint>
#include <memory>

#include "layer.h"
#include "rate_limiter.h"

namespace hansard::gateway {

/// Holds calls back, or refuses them, where their route is asked more often than it allows.
class RateLimitLayer final : public Layer {
 public:
  /// `ports` outlives this.
  RateLimitLayer(const Ports& ports, std::unique_ptr<Layer> next)
      : ports_(ports),
        limiter_(std::make_shared<RateLimiter>(ports.now, ports.after)),
        next_(std::move(next)) {}

  std::unique_ptr<core::ProviderExchange> start(RoutedCall call, std::shared_ptr<CallWatch> watch,
                                                HeadDone head) override;
  void forget(const core::ProjectId& project, const SessionNames& sessions) override {
    next_->forget(project, sessions);
  }
  void count(PolicyCounts& to) const override;

 private:
  const Ports& ports_;
  const std::shared_ptr<RateLimiter> limiter_;
  const std::unique_ptr<Layer> next_;
  std::atomic<std::uint64_t> passed_{0};
  std::atomic<std::uint64_t> waited_{0};
  std::atomic<std::uint64_t> refused_{0};
};

}  // namespace hansard::gateway
