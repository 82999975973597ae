#pragma once

#include <functional>
#include <memory>
#include <mutex>

#include "layer.h"

namespace hansard::gateway {

/// A call that a layer holds back until it has made up its mind: it then goes on to the next layer,
/// or is answered here. Whoever made the call may let go of it before; nothing happens then.
/// Thread-safe; `next` outlives it.
class LateExchange : public std::enable_shared_from_this<LateExchange> {
 public:
  LateExchange(Layer& next, RoutedCall call, std::shared_ptr<CallWatch> watch, HeadDone head);

  /// What `Layer::start` returns. To be called once.
  std::unique_ptr<core::ProviderExchange> handle();
  /// What the wait hangs on: let go of with the call.
  void keep(std::shared_ptr<void> wait);

  [[nodiscard]] const RoutedCall& call() const { return call_; }
  CallWatch& watch() { return *watch_; }
  [[nodiscard]] bool is_gone();

  // One of these, once.
  void go_on();
  void answer(const core::Result<core::ProviderHead>& head,
              std::unique_ptr<core::ProviderExchange> body);

 private:
  class Handle;
  using Next = std::function<void(core::Result<std::string>)>;

  void pull(Next done);
  void let_go();
  void begun(std::unique_ptr<core::ProviderExchange> exchange);

  Layer& next_;
  RoutedCall call_;
  const std::shared_ptr<CallWatch> watch_;
  HeadDone head_;

  std::mutex mutex_;
  // All below is guarded by mutex_.
  bool gone_ = false;
  std::shared_ptr<void> wait_;
  std::shared_ptr<core::ProviderExchange> exchange_;
  Next pulled_;  ///< before `exchange_` was there
};

}  // namespace hansard::gateway
