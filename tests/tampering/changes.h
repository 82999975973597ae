#pragma once

#include <filesystem>
#include <functional>
#include <random>
#include <string>
#include <string_view>
#include <vector>

/// One change each to a data directory that nobody runs on, as somebody with its files, our source
/// and no signing key would make it.
namespace hansard::tampering {

using Random = std::mt19937_64;

/// Where what is put in its place comes from.
struct Grounds {
  std::filesystem::path older;  ///< the same directory, a while ago
  std::filesystem::path other;  ///< another log
};

enum class Level : std::uint8_t { bytes, records, files };
std::string_view name(Level level);

/// What must come of a change.
enum class Must : std::uint8_t {
  show_or_do_nothing,  ///< refused, found, or without effect
  show,                ///< refused or found
  show_signed,   ///< refused or found where the directory has a signed checkpoint; else as below
  show_outside,  ///< sound by itself, and found against a checkpoint kept elsewhere
};

struct Change {
  std::string_view name;
  Level level;
  Must must;
  int weight;  ///< how often it is drawn
  /// Makes it and says what it did. Throws `std::runtime_error` when it cannot be made there.
  std::function<std::string(const std::filesystem::path& directory, const Grounds&, Random&)> make;
};

/// Every kind there is.
const std::vector<Change>& changes();

/// Regular files of a directory, relative, sorted; those that say nothing (`LOG`, `LOCK`) left out.
std::vector<std::filesystem::path> files_of(const std::filesystem::path& directory);

// By level, each in a file of its own.
std::vector<Change> byte_changes();
std::vector<Change> event_changes();
std::vector<Change> entry_changes();
std::vector<Change> file_changes();

}  // namespace hansard::tampering
