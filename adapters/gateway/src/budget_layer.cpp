#include "budget_layer.h"

#include <algorithm>
#include <string>
#include <utility>

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
  Charged(std::shared_ptr<BudgetBook> book, std::string project,
          std::shared_ptr<const std::vector<BudgetClaim>> claims)
      : book_(std::move(book)), project_(std::move(project)), claims_(std::move(claims)) {}
  ~Charged() {
    if (!told_) book_->give_back(project_, *claims_);  // it never went out
    book_->over(project_, *claims_);
  }
  Charged(const Charged&) = delete;
  Charged& operator=(const Charged&) = delete;

  void ended(const CallEnd& end) {
    told_ = true;
    if (end.sent.provider.empty()) return book_->give_back(project_, *claims_);
    if (end.tokens != 0) book_->spent(project_, *claims_, end.tokens);
  }

 private:
  const std::shared_ptr<BudgetBook> book_;
  const std::string project_;
  const std::shared_ptr<const std::vector<BudgetClaim>> claims_;
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
    book_->learn(std::string(project.text()), name, {use->requests, use->tokens});
  }
  return Ok{};
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
      std::make_shared<Charged>(book_, std::string(call.call().identity.project.text()), claims);
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
}

}  // namespace hansard::gateway
