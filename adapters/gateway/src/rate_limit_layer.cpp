#include "rate_limit_layer.h"

#include <algorithm>
#include <string>
#include <utility>

#include "budget_claims.h"
#include "late_exchange.h"
#include "own_answer.h"

namespace hansard::gateway {

namespace {

using std::chrono::milliseconds;

std::string_view error_type(const events::Api* api) {
  const bool anthropic = api != nullptr && api->name.starts_with("anthropic");
  return anthropic ? "rate_limit_error" : "rate_limit_exceeded";
}

void refuse(LateExchange& call, const std::string& caller, const RateLimiter::Verdict& verdict) {
  call.watch().stopped();
  const auto retry_after =
      std::max(milliseconds(1), std::chrono::ceil<milliseconds>(verdict.retry_after));
  const std::string message = "Rate limit of route '" + call.call().call.provider + "' reached (" +
                              caller + ")" +
                              (verdict.queue_full ? ": too many calls are waiting already." : ".");
  std::string body = error_body(call.call().api, error_type(call.call().api), message);
  core::ProviderHead head = own_head(429, body.size(), retry_after);
  call.answer(std::move(head), body_at_hand(std::move(body)));
}

}  // namespace

std::unique_ptr<core::ProviderExchange> RateLimitLayer::start(RoutedCall call,
                                                              std::shared_ptr<CallWatch> watch,
                                                              HeadDone head) {
  if (call.route == nullptr || !call.route->rate_limit) {
    return next_->start(std::move(call), std::move(watch), std::move(head));
  }
  const RateLimitOptions& options = *call.route->rate_limit;
  const std::string caller = caller_of(options.by, call.identity, ports_.keyed_hash);
  const std::string bucket =
      std::string(call.identity.project.text()) + '\0' + call.call.provider + '\0' + caller;
  if (options.tokens) {
    watch->when_over([limiter = limiter_, bucket](const CallEnd& end) {
      if (end.tokens != 0) limiter->spent(bucket, end.tokens);
    });
  }
  auto late =
      std::make_shared<LateExchange>(*next_, std::move(call), std::move(watch), std::move(head));
  auto handle = late->handle();
  late->keep(
      limiter_->ask(bucket, options, [this, late, caller](const RateLimiter::Verdict& verdict) {
        if (late->is_gone()) return;
        const auto waited = static_cast<std::uint64_t>(verdict.waited.count());
        std::optional<std::uint64_t> wait_us;
        if (waited != 0) wait_us = waited;
        if (!verdict.passes) {
          ++refused_;
          late->watch().decided({"rate_limit", "refused", caller, wait_us});
          return refuse(*late, caller, verdict);
        }
        ++(wait_us ? waited_ : passed_);
        late->watch().decided({"rate_limit", wait_us ? "waited" : "passed", caller, wait_us});
        late->go_on();
      }));
  return handle;
}

void RateLimitLayer::count(PolicyCounts& to) const {
  next_->count(to);
  to.limit_passed += passed_;
  to.limit_waited += waited_;
  to.limit_refused += refused_;
  to.limit_waiting += limiter_->waiting();
}

}  // namespace hansard::gateway
