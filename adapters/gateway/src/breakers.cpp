#include "breakers.h"

#include <optional>

namespace hansard::gateway {

Breakers::Breakers(const Routes& routes, Now now, Changed changed)
    : now_(std::move(now)), changed_(std::move(changed)) {
  for (const auto& [name, route] : routes) {
    const BreakerOptions& rules = route.breaker;
    if (rules.consecutive == 0 && rules.failure_rate <= 0) continue;
    const auto add = [&, route_name = name](const std::string& provider) {
      const Key key(route_name, provider);
      all_.try_emplace(key, std::make_unique<Guarded>(key, rules));
    };
    if (route.targets.empty()) add(name);
    for (const Target& target : route.targets) add(target.provider);
    for (const Target& target : route.fallbacks) add(target.provider);
  }
}

Breakers::~Breakers() = default;

Breakers::Permit& Breakers::Permit::operator=(Permit&& other) noexcept {
  if (this == &other) return *this;
  settle({});
  of_ = other.of_;
  at_ = std::exchange(other.at_, nullptr);
  pass_ = other.pass_;
  return *this;
}

void Breakers::Permit::settle(std::optional<bool> well) {
  Guarded* const at = std::exchange(at_, nullptr);
  if (at == nullptr || !pass_.allowed) return;
  const auto now = of_->now_();
  std::unique_lock lock(at->mutex);
  Breaker& breaker = at->breaker;
  const BreakerState before = breaker.state();
  // It begins to count anew when it changes; what a failure was judged by is of interest.
  const bool failed = well && !*well;
  const std::uint64_t requests = failed ? breaker.requests(now) + 1 : 0;
  const std::uint64_t failures = failed ? breaker.failures(now) + 1 : 0;
  if (!well) {
    breaker.let_go(pass_);
  } else if (*well) {
    breaker.succeeded(pass_, now);
  } else {
    breaker.failed(pass_, now);
  }
  const BreakerState after = breaker.state();
  const std::uint64_t opened = breaker.opened();
  lock.unlock();
  if (before != after) {
    of_->tell({at->key.first, at->key.second, after, opened, requests, failures});
  }
}

/// Without the lock.
void Breakers::tell(const BreakerStatus& changed) const {
  if (changed_) changed_(changed);
}

Breakers::Permit Breakers::enter(std::string_view route, std::string_view provider) {
  const auto found = all_.find(Key(route, provider));
  if (found == all_.end()) return {};
  Guarded& guarded = *found->second;
  const auto now = now_();
  std::unique_lock lock(guarded.mutex);
  const BreakerState before = guarded.breaker.state();
  const Breaker::Pass pass = guarded.breaker.enter(now);
  const BreakerState after = guarded.breaker.state();
  const std::uint64_t opened = guarded.breaker.opened();
  lock.unlock();
  if (before != after) tell({guarded.key.first, guarded.key.second, after, opened, 0, 0});
  return {this, &guarded, pass};
}

std::chrono::milliseconds Breakers::closed_for(std::string_view route,
                                               std::string_view provider) const {
  const auto found = all_.find(Key(route, provider));
  if (found == all_.end()) return std::chrono::milliseconds(0);
  const std::lock_guard lock(found->second->mutex);
  return found->second->breaker.closed_for(now_());
}

std::vector<BreakerStatus> Breakers::status() const {
  std::vector<BreakerStatus> out;
  const auto now = now_();
  for (const auto& [key, guarded] : all_) {
    const std::lock_guard lock(guarded->mutex);
    const Breaker& breaker = guarded->breaker;
    out.push_back({key.first, key.second, breaker.state(), breaker.opened(), breaker.requests(now),
                   breaker.failures(now)});
  }
  return out;
}

}  // namespace hansard::gateway
