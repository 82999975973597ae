#pragma once

struct sqlite3;

namespace hansard::search {

/// Rows of a phrase counted before how many there are is estimated.
inline constexpr int kCountedRowsMax = 10'000;

/// Makes `hansard_rank(<table>, <end>)` known to one connection: BM25 (Robertson et al., with the
/// logarithm kept positive), higher is better. All rowids are below `end`.
/// FTS5's own `bm25` walks every row of every phrase to learn how rare it is: 100 ms for a word
/// that half of a million texts have. Here the first kCountedRowsMax rows are counted, and how far
/// down they reach tells about how many there are.
/// @return a code of SQLite.
int register_rank(sqlite3* database);

}  // namespace hansard::search
