#include "layer.h"

namespace hansard::gateway {

namespace {

/// The innermost: the providers themselves.
class ProviderLayer final : public Layer {
 public:
  explicit ProviderLayer(core::ModelProvider& providers) : providers_(providers) {}

  std::unique_ptr<core::ProviderExchange> start(RoutedCall call, std::shared_ptr<CallWatch> watch,
                                                HeadDone head) override {
    watch->goes_out({call.call.provider, {}, events::ServedFrom::provider});
    return providers_.start(std::move(call.call), std::move(head));
  }

 private:
  core::ModelProvider& providers_;
};

}  // namespace

std::unique_ptr<Layer> make_layers(const Ports& ports) {
  return std::make_unique<ProviderLayer>(ports.providers);
}

}  // namespace hansard::gateway
