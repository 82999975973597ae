#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "projections/search.h"
#include "search_query.h"

namespace hansard::search {

/// A statement, and texts bound to it behind its other parameters.
struct Asked {
  std::string sql;
  std::vector<std::string> texts;
};

/// Sessions whose stretches of the log are walked one by one, at 0.15 ms each: more of them are met
/// sooner on the whole way.
inline constexpr std::size_t kStretchesMax = 128;

struct Selection {
  std::string table;     ///< of the texts
  std::int64_t end = 0;  ///< positions below it are searched
  /// Visits (`fts_rank.h`) every text that matches, the newest first. Bound to it are a
  /// `VisitedRows*`, the first and the last position to look at, and its texts.
  Asked walk;
  /// Gives first and last position of each session that is let through, at most
  /// kStretchesMax + 1, in no order. Absent: all are.
  std::optional<Asked> sessions = {};
};

Selection select_texts(const projections::SearchRequest& request, const Query& query,
                       std::int64_t project, core::Position end);

}  // namespace hansard::search
