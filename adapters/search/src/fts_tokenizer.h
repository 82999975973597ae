#pragma once

struct sqlite3;
struct fts5_api;

namespace hansard::search {

/// How FTS5 calls our tokenizer in `CREATE VIRTUAL TABLE`.
inline constexpr const char* kTokenizerName = "hansard";

/// FTS5's way in for extensions, or nullptr where SQLite has no FTS5.
fts5_api* fts_api(sqlite3* database);

/// Makes `Tokenizer` known to one connection. What reaches the index, and a query:
///  - a word: itself;
///  - a character of a run: itself and, at the same place, itself with the next one. So a query of
///    two characters is one lookup, of more a phrase of pairs, and one character is found, too.
/// @return a code of SQLite.
int register_tokenizer(sqlite3* database);

}  // namespace hansard::search
