#pragma once

#include <atomic>
#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/event_log.h"
#include "projections/search.h"
#include "score.h"
#include "search_query.h"
#include "selection.h"
#include "sqlite.h"

namespace hansard::search {

/// What one search came to.
struct Found {
  projections::SearchAnswer answer;
  /// A hit that the log does not confirm: the database is not what it should be. Left out.
  bool contradicted = false;
};

/// One connection for searches, with what they need. Used by one thread at a time.
class Reader {
 public:
  /// `stop`, which outlives this, ends a search early.
  static core::Result<std::unique_ptr<Reader>> open(const std::string& path,
                                                    const std::atomic<bool>& stop);
  Reader(const Reader&) = delete;
  Reader& operator=(const Reader&) = delete;

  /// Errors: timed_out, cancelled, corruption and unavailable of the database or the log.
  core::Result<Found> search(const core::EventLog& log, const projections::SearchRequest& request,
                             const Query& query, std::size_t ranked_max);

 private:
  Reader(Connection connection, const std::atomic<bool>& stop)
      : connection_(std::move(connection)), stop_(stop) {}

  /// Positions to look at, from the newest on, disjoint.
  struct Stretch {
    std::int64_t first = 0;
    std::int64_t last = 0;
  };
  core::Result<std::vector<Stretch>> stretches(const Selection& selection) const;
  core::Result<VisitedRows> walk(const Selection& selection, std::size_t ranked_max,
                                 bool& more) const;
  core::Result<std::vector<Scored>> rank(const Selection& selection, const Query& query,
                                         std::string_view text, std::size_t ranked_max,
                                         bool& more) const;
  core::Result<double> weight(const std::string& table, std::string_view expression,
                              const VisitedRows& rows, std::int64_t end) const;
  core::Result<std::optional<projections::SearchHit>> resolve(
      const core::EventLog& log, const projections::SearchRequest& request, const Query& query,
      const Scored& ranked, bool& contradicted);
  core::Status add_row(const core::EventLog& log, std::int64_t position,
                       projections::SearchHit& hit) const;
  static int interrupted(void* self);

  Connection connection_;
  const std::atomic<bool>& stop_;
  std::chrono::steady_clock::time_point deadline_;
  Tokenizer tokenizer_;
};

}  // namespace hansard::search
