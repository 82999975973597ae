#pragma once

#include <filesystem>

#include "core/result.h"

namespace hansard::cli {

/// That `directory` is no backup: one that is opened as a log is no longer what its manifest says.
/// Every command that opens a data directory asks first. Errors: rejected, naming `hansard
/// restore`.
core::Status refuse_backup(const std::filesystem::path& directory);

}  // namespace hansard::cli
