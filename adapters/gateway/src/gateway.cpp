#include "gateway/gateway.h"

#include <utility>

#include "breakers.h"
#include "call_run.h"
#include "conversations.h"
#include "layer.h"

namespace hansard::gateway {

struct Gateway::Impl {
  Impl(Ports given, GatewayOptions with)
      : ports(std::move(given)),
        options(std::move(with)),
        conversations(ports.log, ports.keyed_hash, ports.find_sessions),
        breakers(options.routes, ports.now, options.breaker_changed),
        layers(make_layers(ports, breakers)) {}

  const Ports ports;
  const GatewayOptions options;
  Conversations conversations;
  PreparedPrompts prompts;
  Breakers breakers;
  const std::unique_ptr<Layer> layers;
};

Gateway::Gateway(Ports ports, GatewayOptions options)
    : impl_(std::make_unique<Impl>(std::move(ports), std::move(options))) {}

Gateway::~Gateway() = default;

std::function<void()> Gateway::call(GatewayRequest request, GatewayDone done) {
  auto run =
      std::make_shared<CallRun>(impl_->ports, impl_->conversations, impl_->prompts, *impl_->layers,
                                impl_->options, std::move(request), std::move(done));
  run->start();
  return [run] { run->cancel(); };
}

std::vector<BreakerStatus> Gateway::breakers() const { return impl_->breakers.status(); }

PolicyCounts Gateway::policies() const {
  PolicyCounts counts;
  impl_->layers->count(counts);
  return counts;
}

void Gateway::forget(const core::ProjectId& project, const SessionNames& sessions) {
  impl_->conversations.forget(project, sessions);
  impl_->layers->forget(project, sessions);
}

void Gateway::interrupted(const std::vector<LeftCall>& calls) {
  const Ports& ports = impl_->ports;
  for (const LeftCall& call : calls) {
    const bool alone = call.session.starts_with(':');
    auto stream =
        core::StreamId::make(alone ? "calls" : "session", call.session.substr(alone ? 1 : 0));
    if (!stream) continue;
    core::CommandContext context;
    context.project = call.project;
    context.stream = *std::move(stream);
    context.recorded_at = ports.clock.now();
    context.known = core::Known::skip;
    events::FailResponse failure;
    failure.call_id = call.call_id;
    failure.attempt = call.attempt;
    failure.reason = events::FailureReason::interrupted;
    events::Record record;
    record.steps.push_back({std::move(failure), context.recorded_at, false});
    events::SessionCommand command;
    command.meta.salt_seed = ports.draw_random();
    command.body = std::move(record);
    // Not recorded, it stays open in the index, where the next start finds it.
    ports.execute(std::move(context), std::move(command),
                  [](const core::Result<core::Receipt>&) {});
  }
}

}  // namespace hansard::gateway
