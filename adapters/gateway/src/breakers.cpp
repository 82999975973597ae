#include "breakers.h"

#include <optional>

namespace hansard::gateway {

Breakers::Breakers(const Routes& routes, Now now) : now_(std::move(now)) {
  for (const auto& [name, route] : routes) {
    const BreakerOptions& rules = route.breaker;
    if (rules.consecutive == 0 && rules.failure_rate <= 0) continue;
    const auto add = [&, route_name = name](const std::string& provider) {
      all_.try_emplace(Key(route_name, provider), std::make_unique<Guarded>(rules));
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
  const std::lock_guard lock(at->mutex);
  if (!well) {
    at->breaker.let_go(pass_);
  } else if (*well) {
    at->breaker.succeeded(pass_, now);
  } else {
    at->breaker.failed(pass_, now);
  }
}

Breakers::Permit Breakers::enter(std::string_view route, std::string_view provider) {
  const auto found = all_.find(Key(route, provider));
  if (found == all_.end()) return {};
  Guarded& guarded = *found->second;
  const auto now = now_();
  const std::lock_guard lock(guarded.mutex);
  return {this, &guarded, guarded.breaker.enter(now)};
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
