#include "late_exchange.h"

#include <utility>

namespace hansard::gateway {

class LateExchange::Handle final : public core::ProviderExchange {
 public:
  explicit Handle(std::shared_ptr<LateExchange> late) : late_(std::move(late)) {}
  ~Handle() override { late_->let_go(); }
  Handle(const Handle&) = delete;
  Handle& operator=(const Handle&) = delete;
  void next(Next done) override {
    const auto late = late_;  // what it hands over may end this
    late->pull(std::move(done));
  }

 private:
  const std::shared_ptr<LateExchange> late_;
};

LateExchange::LateExchange(Layer& next, RoutedCall call, std::shared_ptr<CallWatch> watch,
                           HeadDone head)
    : next_(next), call_(std::move(call)), watch_(std::move(watch)), head_(std::move(head)) {}

std::unique_ptr<core::ProviderExchange> LateExchange::handle() {
  return std::make_unique<Handle>(shared_from_this());
}

void LateExchange::keep(std::shared_ptr<void> wait) {
  const std::lock_guard lock(mutex_);
  if (!gone_ && !exchange_) wait_.swap(wait);  // else it goes with `wait`, outside the lock
}

bool LateExchange::is_gone() {
  const std::lock_guard lock(mutex_);
  return gone_;
}

void LateExchange::go_on() {
  if (is_gone()) return;
  begun(next_.start(std::move(call_), watch_, std::move(head_)));
}

void LateExchange::answer(const core::Result<core::ProviderHead>& head,
                          std::unique_ptr<core::ProviderExchange> body) {
  if (is_gone()) return;
  begun(std::move(body));
  std::exchange(head_, nullptr)(head);
}

void LateExchange::begun(std::unique_ptr<core::ProviderExchange> exchange) {
  std::shared_ptr<core::ProviderExchange> begun = std::move(exchange);
  std::shared_ptr<void> wait;
  Next pulled;
  {
    const std::lock_guard lock(mutex_);
    wait.swap(wait_);
    if (gone_) return;
    exchange_ = begun;
    pulled = std::exchange(pulled_, nullptr);
  }
  if (pulled && begun) begun->next(std::move(pulled));
}

void LateExchange::pull(Next done) {
  std::shared_ptr<core::ProviderExchange> exchange;
  {
    const std::lock_guard lock(mutex_);
    if (gone_) return;
    if (!exchange_) {
      pulled_ = std::move(done);
      return;
    }
    exchange = exchange_;
  }
  exchange->next(std::move(done));
}

void LateExchange::let_go() {
  std::shared_ptr<core::ProviderExchange> exchange;
  std::shared_ptr<void> wait;
  Next pulled;  // all three go outside the lock
  const std::lock_guard lock(mutex_);
  gone_ = true;
  exchange.swap(exchange_);
  wait.swap(wait_);
  pulled.swap(pulled_);
}

}  // namespace hansard::gateway
