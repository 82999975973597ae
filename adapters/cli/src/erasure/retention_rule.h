#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace hansard::cli {

/// `[[retention]]` of `hansard.toml`: what a project does not keep.
struct RetentionRule {
  std::string name;                   ///< a word, `[a-z0-9_.-]{1,64}`
  std::chrono::seconds older_than{};  ///< since the last thing was said
  std::string project = "default";
  std::vector<std::pair<std::string, std::string>> tags;  ///< all of them
  std::optional<std::string> status;                      ///< open or ended; absent: any
  bool apply = false;  ///< false: only shown, and applied by order
};

}  // namespace hansard::cli
