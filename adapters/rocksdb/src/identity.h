#pragma once

#include "core/hash.h"
#include "data_directory.h"
#include "database.h"

namespace hansard::rocks {

/// `key_check`: HMAC-SHA-256 under the store key of "hansard key check 1" and the log id's 16
/// bytes.
core::Hash key_check(const core::Hasher& hasher, const core::Hash& store_key,
                     const core::Uuid& log_id);

/// Compares what `meta` says about the log with this program and with `keys/`; writes it when the
/// database is new. Errors: unsupported (another format, naming both), corruption (foreign keys).
core::Status check_identity(const Database& database, const DataDirectory& directory,
                            const core::Hasher& hasher, bool read_only);

}  // namespace hansard::rocks
