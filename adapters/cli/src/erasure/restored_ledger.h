#pragma once

#include <cstddef>
#include <filesystem>
#include <optional>
#include <string>

#include "core/ids.h"
#include "core/result.h"

namespace hansard::cli {

/// Largest ledger that is taken along: some ten million events.
inline constexpr std::size_t kLedgerBytesMax = 1U << 30;

/// The erasure ledger of a log that is restored: what it names stays erased.
struct RestoredLedger {
  std::filesystem::path place;      ///< where the engine of the directory looks for it
  bool found = false;               ///< there is one, or will be when it is laid
  std::size_t erasures = 0;         ///< that it knows of this log
  std::optional<std::string> text;  ///< to be written to `place`; nothing: it is there
};

/// Reads and judges it, before anything is restored.
/// @param given  a file named by whoever restores; empty: the one at `place`, if there is one
/// @param place  `[erasure] ledger` of the configuration, else beside the data directory
/// Errors, of the field `ledger`: not_found (`given` is not there), corruption (not a ledger; names
///   the line), rejected (`given` knows other logs only; another ledger is at `place`), too_large,
///   unavailable.
core::Result<RestoredLedger> find_ledger(const std::string& given,
                                         const std::filesystem::path& place,
                                         const core::Uuid& log_id);

/// Puts it where it belongs; on disk when this returns. Errors: unavailable, out_of_space.
core::Status lay_ledger(const RestoredLedger& ledger);

}  // namespace hansard::cli
