#pragma once

#include "http/context.h"
#include "projections/query/execute.h"
#include "projections/query/request.h"
#include "reads.h"

namespace hansard::http {

/// What `POST /v1/query` and the reports share: bounds, prices, and names in place of hashes.
/// Thread-safe.
class QueryAnswers {
 public:
  /// `reads` outlives this.
  explicit QueryAnswers(const Reads& reads) : reads_(reads) {}

  /// The bounds of a query, the patience of who asks, and prices where costs are asked for.
  /// Errors: those of reading prices.
  core::Result<projections::query::Options> options(const Request& request,
                                                    const projections::query::Request& asked) const;

  /// On the pool. Errors: as `query::execute`, and those of log and view.
  static core::Result<projections::query::Answer> answer(const Context& context,
                                                         const projections::query::Request& asked,
                                                         const projections::query::Options& options,
                                                         const core::ReadModel& view);

 private:
  const Reads& reads_;
};

}  // namespace hansard::http
