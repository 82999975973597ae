#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

#include "core/result.h"

/// Small files that must survive a power loss. Each call blocks on the disk.
namespace hansard::cli {

/// Replaces the file, all or nothing; readable by its owner only (0600). On disk when it returns.
/// Errors: unavailable, out_of_space.
core::Status replace_file(const std::filesystem::path& path, std::string_view text);
/// Adds `text` at the end, creating the file (0600). On disk when it returns; after an error some
/// of it may be there. Errors: as above.
core::Status append_to_file(const std::filesystem::path& path, std::string_view text);
/// One that is not there counts as removed. Errors: unavailable.
core::Status remove_file(const std::filesystem::path& path);
/// The whole file, or nothing where there is none. Errors: unavailable.
core::Result<std::optional<std::string>> read_file(const std::filesystem::path& path);

}  // namespace hansard::cli
