#pragma once

#include <memory>

#include "http/context.h"
#include "projections/call_costs.h"
#include "projections/query/execute.h"
#include "projections/query/request.h"
#include "shared/reads.h"

namespace hansard::http {

/// What one query is held to.
struct QueryBounds {
  projections::query::Options options;
  std::shared_ptr<projections::BooksUsed> books = {};  ///< null where no cost is asked for
};

/// What `POST /v1/query` and the reports share: bounds, prices, and names in place of hashes.
/// Thread-safe.
class QueryAnswers {
 public:
  /// `reads` outlives this.
  explicit QueryAnswers(const Reads& reads) : reads_(reads) {}

  /// The bounds of a query, the patience of who asks, and prices where costs are asked for.
  /// Errors: those of reading prices.
  core::Result<QueryBounds> bounds(const Request& request,
                                   const projections::query::Request& asked) const;

  /// On the pool. Errors: as `query::execute`, and those of log and view.
  static core::Result<projections::query::Answer> answer(const Context& context,
                                                         const projections::query::Request& asked,
                                                         const QueryBounds& bounds,
                                                         const core::ReadModel& view);

 private:
  const Reads& reads_;
};

}  // namespace hansard::http
