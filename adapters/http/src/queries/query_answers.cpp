#include "queries/query_answers.h"

#include <atomic>

#include "projections/query/shown.h"

namespace hansard::http {

namespace {

namespace query = projections::query;
using core::Result;

/// True while somebody waits for the answer and it is not too late.
std::function<bool()> patience(const Request& request) {
  auto here = std::make_shared<std::atomic<bool>>(true);
  if (request.departure) {
    request.departure->then([here] { here->store(false, std::memory_order_relaxed); });
  }
  return [here, deadline = request.deadline] {
    return here->load(std::memory_order_relaxed) && std::chrono::steady_clock::now() < deadline;
  };
}

}  // namespace

Result<QueryBounds> QueryAnswers::bounds(const Request& request,
                                         const query::Request& asked) const {
  QueryBounds bounds;
  query::Options& options = bounds.options;
  options.bytes_max = static_cast<std::size_t>(reads_.context.limits[Limit::query_bytes]);
  options.keep_going = patience(request);
  if (!query::asks_cost(asked.query)) return bounds;
  auto prices = reads_.prices->read(asked.query.project);
  if (!prices) return std::move(prices.error());
  projections::CostOptions costs;
  if (asked.prices_as_of) costs.prices_as_of = *asked.prices_as_of;
  bounds.books = costs.used = std::make_shared<projections::BooksUsed>();
  options.cost = projections::cost_hook(*std::move(prices), asked.query.project, costs);
  return bounds;
}

Result<query::Answer> QueryAnswers::answer(const Context& context, const query::Request& asked,
                                           const QueryBounds& bounds, const core::ReadModel& view) {
  auto found = query::execute(view, context.keyed_hash, asked.query, bounds.options);
  if (!found) {
    if (found.error().code == core::Errc::too_large) context.metrics.limit_hit(Limit::query_bytes);
    return found;
  }
  const auto shown =
      query::show_names(view, context.log, asked.query.project, bounds.options.keep_going, *found);
  if (!shown) return shown.error();
  found->asked_at = asked.asked_at;
  if (bounds.books) {
    for (const auto& each : bounds.books->list()) {
      found->books.push_back(each.book + " " + each.version);
    }
  }
  return found;
}

}  // namespace hansard::http
