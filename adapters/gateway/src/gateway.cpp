#include "gateway/gateway.h"

#include <utility>

#include "call_run.h"
#include "conversations.h"

namespace hansard::gateway {

struct Gateway::Impl {
  Impl(Ports given, GatewayOptions with)
      : ports(std::move(given)),
        options(with),
        conversations(ports.log, ports.keyed_hash, ports.find_sessions) {}

  const Ports ports;
  const GatewayOptions options;
  Conversations conversations;
};

Gateway::Gateway(Ports ports, GatewayOptions options)
    : impl_(std::make_unique<Impl>(std::move(ports), options)) {}

Gateway::~Gateway() = default;

std::function<void()> Gateway::call(GatewayRequest request, GatewayDone done) {
  auto run = std::make_shared<CallRun>(impl_->ports, impl_->conversations, impl_->options,
                                       std::move(request), std::move(done));
  run->start();
  return [run] { run->cancel(); };
}

}  // namespace hansard::gateway
