#pragma once

#include <string>

#include "core/result.h"
#include "rocksdb_store/restore.h"

namespace hansard::cli {

/// The key file beside an export: what makes a restored log that log, apart from its events. Never
/// in the export itself, which may travel; whoever has both has all that was said and can prove
/// nothing is missing, and can try guesses at what is kept as a keyed hash. One line of JSON:
///   {"hansard_keys":1,"log_id":"<uuid>","store_key":"<64 hex digits>"}

/// Writes the keys of the data directory `data` to `file` (0600), synced. A file that says the same
/// already is left alone.
/// Errors: rejected (the directory is of another log than `log_id`, or `file` exists and says
///   something else), not_found (no keys there: the server runs elsewhere), unavailable.
core::Status keep_keys(const std::string& data, const std::string& log_id, const std::string& file);

/// Errors: not_found, unavailable, invalid_argument (malformed).
core::Result<rocks::LogIdentity> read_keys(const std::string& file);

/// What the header of an export says about its key, in hex: proves to who has the key that it is
/// the one, and tells others nothing.
std::string key_check(const rocks::LogIdentity& identity);

}  // namespace hansard::cli
