#include "events/pricing/priced_call.h"

namespace hansard::events::pricing {

std::string_view to_word(NoCost reason) {
  switch (reason) {
    case NoCost::none:
      break;
    case NoCost::no_usage:
      return "no_usage";
    case NoCost::undated:
      return "undated";
    case NoCost::no_model:
      return "no_model";
    case NoCost::no_price:
      return "no_price";
  }
  return "none";
}

PricedCall cost_of(const PriceBook& book, std::string_view project, const CallToPrice& call,
                   core::Position end) {
  PricedCall out;
  const TokenCounts counts = call.usage ? counts_of(*call.usage) : TokenCounts{};
  if (counts.known.empty() && call.units == UnitCounts{}) {
    out.reason = NoCost::no_usage;
  } else if (!call.occurred_at) {
    out.reason = NoCost::undated;
  } else if (call.model.empty()) {
    out.reason = NoCost::no_model;
  } else {
    out.match = book.quote(project, call.provider, call.model, end).at(*call.occurred_at);
    if (!out.match) out.reason = NoCost::no_price;
  }
  if (out.reason != NoCost::none) return out;
  out.cost = cost_of(out.match.price->entry.price, counts, call.conditions, call.units);
  out.estimated = !out.cost.estimated.empty() || out.match.provider_assumed ||
                  out.match.backdated(*call.occurred_at);
  return out;
}

}  // namespace hansard::events::pricing
