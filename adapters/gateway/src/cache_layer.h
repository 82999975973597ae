#pragma once

#include <atomic>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>

#include "answer_cache.h"
#include "layer.h"

namespace hansard::gateway {

/// Answers again what was asked of the same route in the same words, where the route says so. A
/// cache per route; what is in it is discardable.
class CacheLayer final : public Layer {
 public:
  /// `ports` outlives this.
  CacheLayer(const Ports& ports, std::unique_ptr<Layer> next)
      : ports_(ports), next_(std::move(next)) {}

  std::unique_ptr<core::ProviderExchange> start(RoutedCall call, std::shared_ptr<CallWatch> watch,
                                                HeadDone head) override;
  void forget(const core::ProjectId& project, const SessionNames& sessions) override;
  void count(PolicyCounts& to) const override;

 private:
  std::shared_ptr<AnswerCache> cache_of(const RoutedCall& call);
  void saved(const core::ProjectId& project, const CallEnd& end);
  [[nodiscard]] core::Hash key_of(const RoutedCall& call) const;

  const Ports& ports_;
  const std::unique_ptr<Layer> next_;
  std::atomic<std::uint64_t> hits_{0};
  std::atomic<std::int64_t> saved_pico_usd_{0};
  std::atomic<std::uint64_t> saved_unpriced_{0};
  std::atomic<std::uint64_t> misses_{0};
  std::atomic<std::uint64_t> bypassed_{0};
  mutable std::mutex mutex_;
  std::map<std::string, std::shared_ptr<AnswerCache>, std::less<>> caches_;  ///< by mutex_
};

}  // namespace hansard::gateway
