#pragma once

#include "core/hash.h"
#include "core/result.h"
#include "rocksdb_store/store.h"

namespace hansard::cli {

/// Goes on without the key that signed `<data>/checkpoint`, which is lost (`doctor
/// --new-signing-key`): begins another epoch, whose origin no note bears yet, and moves the
/// checkpoint to `checkpoint.epoch-<n>` and a key that did not sign it to
/// `keys/signing.replaced-<n>.pem`, n the epoch that ended. The next start draws a key. Nothing
/// connects it to the lost one: whoever checks takes it from elsewhere. Cut off, it is done again.
/// @param store  opened to write
/// Errors: rejected (there is no checkpoint; the key is there and signed it), corruption (it is no
///   checkpoint of this log; the log is not what it says), unavailable, out_of_space.
core::Status leave_signing_key(rocks::RocksStore& store, const core::Hasher& hasher);

}  // namespace hansard::cli
