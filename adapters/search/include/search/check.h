#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>

#include "core/event_log.h"

namespace hansard::search {

/// What comparing a search database with one built from the log said.
struct SearchCheck {
  core::Position checkpoint;
  std::uint64_t rows = 0;  ///< compared: documents, sessions, words, places of words
  std::string fault;       ///< the first that differs, or why it cannot be used; empty: none
};

/// Builds the index of `log` up to where the database `path` stands, in `folder`, and compares the
/// two row by row, and the database with itself. `path` is a copy that nobody else has open; what
/// is made in `folder` may be deleted afterwards.
/// @param advanced  told how far the build is; returns false to stop. Not empty.
/// Errors: unavailable, out_of_space (of `folder`), cancelled; damage is in what is returned.
/// Cost: that of indexing: a message in about 50 us.
core::Result<SearchCheck> check(const core::EventLog& log, const std::string& log_id,
                                const std::filesystem::path& path,
                                const std::filesystem::path& folder,
                                const std::function<bool(core::Position at)>& advanced);

}  // namespace hansard::search
