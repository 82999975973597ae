#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "projections/search.h"
#include "search_query.h"

namespace hansard::search {

/// A statement that gives (position, score) of every text that matches, the newest first, and the
/// texts bound to it, from 1. Everything below `end` is in the index.
struct Selection {
  std::string sql;
  std::vector<std::string> texts;
};

Selection select_texts(const projections::SearchRequest& request, const Query& query,
                       std::int64_t project, core::Position end);

}  // namespace hansard::search
