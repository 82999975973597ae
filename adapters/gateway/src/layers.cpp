#include <utility>

#include "attempts.h"
#include "budget_layer.h"
#include "cache_layer.h"
#include "layer.h"
#include "playback_layer.h"
#include "rate_limit_layer.h"

namespace hansard::gateway {

/// From the innermost outwards: a call passes them the other way round.
std::unique_ptr<Layer> make_layers(const Ports& ports, Breakers& breakers) {
  std::unique_ptr<Layer> layers = make_attempts(ports, breakers);
  layers = std::make_unique<PlaybackLayer>(ports, std::move(layers));
  layers = std::make_unique<CacheLayer>(ports, std::move(layers));
  layers = std::make_unique<RateLimitLayer>(ports, std::move(layers));
  layers = std::make_unique<BudgetLayer>(ports, std::move(layers));
  return layers;
}

}  // namespace hansard::gateway
