#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <vector>

#include "budget_book.h"
#include "late_exchange.h"
#include "layer.h"

namespace hansard::gateway {

/// Refuses calls whose budget is used up. What was used is on record: a budget that nobody has
/// asked for in this process is read from there, and a call waits for that. Where it cannot be read
/// the call is refused: a limit on spending that opens by itself is none.
class BudgetLayer final : public Layer {
 public:
  /// `ports` outlives this.
  BudgetLayer(const Ports& ports, std::unique_ptr<Layer> next)
      : ports_(ports), book_(std::make_shared<BudgetBook>()), next_(std::move(next)) {}

  std::unique_ptr<core::ProviderExchange> start(RoutedCall call, std::shared_ptr<CallWatch> watch,
                                                HeadDone head) override;
  void forget(const core::ProjectId& project, const SessionNames& sessions) override {
    next_->forget(project, sessions);
  }
  void count(PolicyCounts& to) const override;

 private:
  using Claims = std::vector<BudgetClaim>;

  void admit(const std::shared_ptr<LateExchange>& call,
             const std::shared_ptr<const Claims>& claims);
  [[nodiscard]] core::Status learn(const core::ProjectId& project,
                                   const std::vector<std::string>& names);
  void let_through(LateExchange& call, const std::shared_ptr<const Claims>& claims);
  void refuse(LateExchange& call, const BudgetClaim& claim);
  [[nodiscard]] const BudgetClaim* unpriceable(const RoutedCall& call, const Claims& claims) const;
  void refuse_unpriced(LateExchange& call, const BudgetClaim& claim);

  const Ports& ports_;
  const std::shared_ptr<BudgetBook> book_;
  const std::unique_ptr<Layer> next_;
  std::atomic<std::uint64_t> allowed_{0};
  std::atomic<std::uint64_t> refused_{0};
  std::atomic<std::uint64_t> unpriced_refused_{0};
  std::atomic<std::uint64_t> unpriced_{0};  ///< calls let through that are not in what was spent
};

}  // namespace hansard::gateway
