#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "audit/log_notary.h"
#include "core/hash.h"
#include "rocksdb_store/store.h"

namespace hansard::cli {

/// The latest signed checkpoint of a directory, `<data>/checkpoint`; nothing when there is none.
/// Errors: corruption (too long to be one), unavailable.
core::Result<std::optional<std::string>> stored_checkpoint(const rocks::RocksStore& store);

/// Replaces it, atomically and durably. Errors: unavailable, out_of_space.
core::Status store_checkpoint(const rocks::RocksStore& store, std::string_view note);

/// What `<data>/checkpoint` says, and whether it holds.
struct CheckpointFound {
  std::optional<core::TreeHead>
      tree;           ///< none: there is no file, or it is no checkpoint of the log
  std::string fault;  ///< why it is none, is signed by nobody who signs here, or is of another past
};
/// Errors: unavailable.
core::Result<CheckpointFound> inspect_checkpoint(const rocks::RocksStore& store,
                                                 const LogNotary& notary,
                                                 const core::Hasher& hasher);

/// That the log still is what was signed: `<data>/checkpoint`, and the last checkpoint of this
/// log's origin in each of `copies` (files of notes, one after the other; missing ones say
/// nothing).
/// @param accept_loss  a log that is shorter than `<data>/checkpoint` says goes on: the file
/// becomes
///   `checkpoint.lost-<size>`, and the log begins another epoch (`store.epoch()`), because no
///   origin may have two histories.
/// Errors: corruption (the log is shorter, or has another root at that size, naming both; the note
///   is malformed, of another log, or signed by no key of this one), unavailable, out_of_space.
core::Status check_checkpoints(rocks::RocksStore& store, const LogNotary& notary,
                               const core::Hasher& hasher,
                               const std::vector<std::filesystem::path>& copies, bool accept_loss);

/// Appends `note` to a file of notes and syncs it; the file is created (0644). A note that was cut
/// off at its end (a full disk, a power loss) is cut away first.
/// @return how many bytes that were
/// Errors: rejected (what is there ends with no note: it is another file), unavailable,
///   out_of_space.
core::Result<std::size_t> append_checkpoint(const std::filesystem::path& path,
                                            std::string_view note);

}  // namespace hansard::cli
