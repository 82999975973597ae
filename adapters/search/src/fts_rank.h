#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

struct sqlite3;

namespace hansard::search {

/// What a search collects of the rows it visits: how long each text is, and how often each phrase
/// of the query stands in it. Phrases count in the order of the query.
struct VisitedRows {
  std::size_t phrases = 0;  ///< of the query
  double texts = 0;         ///< in the table
  double tokens = 0;        ///< of all texts of the table
  std::vector<std::int64_t> positions;
  std::vector<std::uint32_t> lengths;  ///< in tokens
  std::vector<std::uint32_t> times;    ///< `phrases` a row
};

/// The name under which a `VisitedRows*` is bound.
inline constexpr const char* kVisitedRows = "hansard_visited_rows";

/// Makes `hansard_visit(<table>, <VisitedRows*>)` known to one connection: adds the row to it, and
/// is NULL. Scores are made of it when the walk is over (`score.h`). FTS5's own `bm25` walks every
/// row of every phrase first, to learn how rare it is: 100 ms for a word that half of a million
/// texts have, and a rare phrase of frequent words is walked twice.
/// @return a code of SQLite.
int register_rank(sqlite3* database);

}  // namespace hansard::search
