#include "budget_layer.h"

#include <algorithm>
#include <string>
#include <utility>

#include "call_price.h"
#include "own_answer.h"
#include "projections/gateway_calls.h"

namespace hansard::gateway {

namespace {

using core::Ok;
using core::Status;
using std::chrono::milliseconds;

/// A call that was let through, and what it is charged for. Lives until the call is over and on
/// record.
class Charged {
 public:
  Charged(const Ports& ports, std::shared_ptr<BudgetBook> book, core::ProjectId project,
          std::shared_ptr<const std::vector<BudgetClaim>> claims,
          std::atomic<std::uint64_t>& unpriced)
      : ports_(ports),
        book_(std::move(book)),
        project_(std::move(project)),
        claims_(std::move(claims)),
        unpriced_(unpriced) {}
  ~Charged() {
    if (!told_) book_->give_back(project_.text(), *claims_);  // it never went out
    book_->over(project_.text(), *claims_);
  }
  Charged(const Charged&) = delete;
  Charged& operator=(const Charged&) = delete;

  void ended(const CallEnd& end) {
    told_ = true;
    if (end.sent.provider.empty()) return book_->give_back(project_.text(), *claims_);
    const Charges charges = charges_of(end);
    if (end.tokens != 0 || charges.pico_usd != 0) {
      book_->spent(project_.text(), *claims_, end.tokens, charges.pico_usd);
    }
  }

 private:
  Charges charges_of(const CallEnd& end) {
    const bool counts_money = std::any_of(claims_->begin(), claims_->end(),
                                          [](const BudgetClaim& each) { return each.pico_usd; });
    // What was kept was paid when it was given first.
    if (!counts_money || end.sent.served_from != events::ServedFrom::provider) return {};
    const auto charges = cost_of(ports_, project_, end.spent);
    // The record tells it, when the budget is read again.
    const Charges none{0, end.spent.size()};
    unpriced_ += charges ? charges->unpriced : none.unpriced;
    return charges ? *charges : none;
  }

  const Ports& ports_;
  const std::shared_ptr<BudgetBook> book_;
  const core::ProjectId project_;
  const std::shared_ptr<const std::vector<BudgetClaim>> claims_;
  std::atomic<std::uint64_t>& unpriced_;  ///< of the layer, which outlives its calls
  bool told_ = false;
};

/// As the API calls it when no money is left.
std::string_view error_type(const events::Api* api) {
  const bool anthropic = api != nullptr && api->name.starts_with("anthropic");
  return anthropic ? "rate_limit_error" : "insufficient_quota";
}

}  // namespace

std::unique_ptr<core::ProviderExchange> BudgetLayer::start(RoutedCall call,
                                                           std::shared_ptr<CallWatch> watch,
                                                           HeadDone head) {
  if (call.route == nullptr || call.route->budgets.empty()) {
    return next_->start(std::move(call), std::move(watch), std::move(head));
  }
  auto claims = std::make_shared<const Claims>(claims_of(call.route->budgets, call.call.provider,
                                                         call.identity, ports_.clock.now(),
                                                         ports_.keyed_hash));
  auto late =
      std::make_shared<LateExchange>(*next_, std::move(call), std::move(watch), std::move(head));
  auto handle = late->handle();
  admit(late, claims);
  return handle;
}

void BudgetLayer::admit(const std::shared_ptr<LateExchange>& call,
                        const std::shared_ptr<const Claims>& claims) {
  const core::ProjectId& project = call->call().identity.project;
  if (const BudgetClaim* claim = unpriceable(call->call(), *claims)) {
    return refuse_unpriced(*call, *claim);
  }
  const BudgetBook::Verdict verdict = book_->admit(std::string(project.text()), *claims);
  if (verdict.unknown.empty()) {
    if (verdict.broken) return refuse(*call, (*claims)[*verdict.broken]);
    return let_through(*call, claims);
  }
  ports_.post([this, call, claims, unknown = verdict.unknown] {
    if (call->is_gone()) return;
    if (Status status = learn(call->call().identity.project, unknown); !status) {
      call->watch().decided({"budget", "unreadable"});
      call->watch().stopped();
      return call->answer(
          core::Error{core::Errc::unavailable, "not sent, because the budgets of route '" +
                                                   call->call().call.provider +
                                                   "' cannot be read: " + status.error().message},
          nullptr);
    }
    admit(call, claims);
  });
}

Status BudgetLayer::learn(const core::ProjectId& project, const std::vector<std::string>& names) {
  const auto view = ports_.gateway_calls();
  if (!view) return view.error();
  for (const std::string& name : names) {
    const auto use = projections::budget_use(**view, project, name);
    if (!use) return use.error();
    BudgetBook::Use used{use->requests, use->tokens};
    if (name.ends_with(projections::kMoneyBudget)) {
      if (!ports_.prices) return core::Error{core::Errc::unavailable, "there are no prices"};
      const auto prices = ports_.prices(project);
      if (!prices) return prices.error();
      Charges charges;
      // As it was counted then: by the prices that had been published.
      const auto read = projections::charged_calls(
          **view, project, name, [&](const projections::ChargedCall& call) {
            add_cost(**prices, project, {call.provider, call.model, call.tier, call.usage},
                     call.occurred_at, call.position, charges);
            return true;
          });
      if (!read) return read;
      used.pico_usd = charges.pico_usd;
    }
    book_->learn(std::string(project.text()), name, used);
  }
  return Ok{};
}

/// The first claim on money that a call to a model without a price must not get past.
const BudgetClaim* BudgetLayer::unpriceable(const RoutedCall& call, const Claims& claims) const {
  const auto strict = std::find_if(claims.begin(), claims.end(), [](const BudgetClaim& each) {
    return each.pico_usd && !each.allows_unpriced;
  });
  // What asks no model (a list of models) costs nothing.
  if (strict == claims.end() || !call.prompt || call.route == nullptr) return nullptr;
  const std::string asked = call.prompt->request.model.value_or("");
  const core::Timestamp now = ports_.clock.now();
  const auto priced = [&](const std::string& provider, const std::string& model) {
    const auto known = has_price(ports_, call.identity.project, provider, model, now);
    return known && *known;
  };
  bool all = !call.route->targets.empty() || priced(call.call.provider, asked);
  for (const auto* list : {&call.route->targets, &call.route->fallbacks}) {
    for (const Target& target : *list) {
      all = all && priced(target.provider, target.model.value_or(asked));
    }
  }
  return all ? nullptr : &*strict;
}

void BudgetLayer::refuse_unpriced(LateExchange& call, const BudgetClaim& claim) {
  ++unpriced_refused_;
  call.watch().decided({"budget", "unpriced", claim.name});
  call.watch().stopped();
  std::string body = error_body(
      call.call().api, error_type(call.call().api),
      "The budget of " + claim.described + " on route '" + call.call().call.provider +
          "' counts money, and this model (or one that may stand in for it) has no price: "
          "publish one (hansard prices set), or let such calls through (unpriced = \"allow\").");
  core::ProviderHead head = own_head(403, body.size(), {});
  head.fields.push_back({"x-should-retry", "false"});
  call.answer(std::move(head), body_at_hand(std::move(body)));
}

void BudgetLayer::let_through(LateExchange& call, const std::shared_ptr<const Claims>& claims) {
  ++allowed_;
  std::vector<std::string_view> named;
  for (const BudgetClaim& claim : *claims) {
    if (std::find(named.begin(), named.end(), claim.name) != named.end()) continue;
    named.push_back(claim.name);
    call.watch().decided({"budget", "allowed", claim.name});
  }
  const auto charged =
      std::make_shared<Charged>(ports_, book_, call.call().identity.project, claims, unpriced_);
  call.watch().when_over([charged](const CallEnd& end) { charged->ended(end); });
  call.go_on();
}

void BudgetLayer::refuse(LateExchange& call, const BudgetClaim& claim) {
  ++refused_;
  call.watch().decided({"budget", "refused", claim.name});
  call.watch().stopped();
  std::string message = "The budget of " + claim.described + " on route '" +
                        call.call().call.provider + "' is used up (" + claim.name + ").";
  std::optional<milliseconds> retry_after;
  if (claim.ends) {
    retry_after = std::max(milliseconds(1),
                           std::chrono::ceil<milliseconds>(*claim.ends - ports_.clock.now()));
    message += " It begins anew at " + core::format_time(*claim.ends) + ".";
  }
  std::string body = error_body(call.call().api, error_type(call.call().api), message);
  core::ProviderHead head = own_head(429, body.size(), retry_after);
  // Client libraries ask again after a 429; this one they need not.
  head.fields.push_back({"x-should-retry", "false"});
  call.answer(std::move(head), body_at_hand(std::move(body)));
}

void BudgetLayer::count(PolicyCounts& to) const {
  next_->count(to);
  to.budget_allowed += allowed_;
  to.budget_refused += refused_;
  to.budget_unpriced_refused += unpriced_refused_;
  to.budget_unpriced += unpriced_;
}

}  // namespace hansard::gateway
