#include "attempts.h"
#include "layer.h"

namespace hansard::gateway {

std::unique_ptr<Layer> make_layers(const Ports& ports, Breakers& breakers) {
  return make_attempts(ports, breakers);
}

}  // namespace hansard::gateway
