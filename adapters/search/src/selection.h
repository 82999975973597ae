#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "projections/search.h"
#include "search_query.h"

namespace hansard::search {

/// A statement that visits (`fts_rank.h`) every text that matches, the newest first. Bound to it
/// are a `VisitedRows*` and then `texts`.
struct Selection {
  std::string table;     ///< of the texts
  std::int64_t end = 0;  ///< positions below it are searched
  std::string sql;
  std::vector<std::string> texts;
};

Selection select_texts(const projections::SearchRequest& request, const Query& query,
                       std::int64_t project, core::Position end);

}  // namespace hansard::search
