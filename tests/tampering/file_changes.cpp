// Whole files, and the whole directory.

#include <fstream>
#include <stdexcept>

#include "changes.h"

namespace hansard::tampering {
namespace {

namespace fs = std::filesystem;

fs::path draw_file(const fs::path& directory, Random& random) {
  const auto files = files_of(directory);
  return files[random() % files.size()];
}

/// Puts a file in the place of `file`: the one of the same name in `from`, or any of its kind.
std::string replace(const fs::path& directory, const fs::path& from, const fs::path& file,
                    Random& random) {
  fs::path source = from / file;
  if (!fs::exists(source)) {
    std::vector<fs::path> alike;
    for (const auto& each : files_of(from)) {
      if (each.extension() == file.extension() && each.parent_path() == file.parent_path()) {
        alike.push_back(each);
      }
    }
    if (alike.empty()) throw std::runtime_error("there is no file like " + file.string());
    source = from / alike[random() % alike.size()];
  }
  fs::copy_file(source, directory / file, fs::copy_options::overwrite_existing);
  return file.string() + " by " + source.filename().string();
}

Change change(std::string_view name, int weight,
              std::string (*make)(const fs::path&, const Grounds&, Random&),
              Must must = Must::show_or_do_nothing) {
  return {name, Level::files, must, weight, make};
}

}  // namespace

std::vector<Change> file_changes() {
  return {
      change("file deleted", 40,
             [](const fs::path& directory, const Grounds&, Random& random) {
               const auto file = draw_file(directory, random);
               fs::remove(directory / file);
               return file.string();
             }),
      change("file cut short", 40,
             [](const fs::path& directory, const Grounds&, Random& random) {
               const auto file = draw_file(directory, random);
               const std::uint64_t bytes = fs::file_size(directory / file);
               const std::uint64_t left = bytes == 0 ? 0 : random() % bytes;
               fs::resize_file(directory / file, left);
               return file.string() + " to " + std::to_string(left) + " bytes";
             }),
      change("bytes appended to a file", 30,
             [](const fs::path& directory, const Grounds&, Random& random) {
               const auto file = draw_file(directory, random);
               std::ofstream out(directory / file, std::ios::binary | std::ios::app);
               const std::uint64_t bytes = 1 + random() % 4096;
               for (std::uint64_t i = 0; i < bytes; ++i) out.put(static_cast<char>(random()));
               return file.string() + " by " + std::to_string(bytes);
             }),
      change("file replaced by another log's", 40,
             [](const fs::path& directory, const Grounds& grounds, Random& random) {
               return replace(directory, grounds.other, draw_file(directory, random), random);
             }),
      change("file rolled back to an older copy", 40,
             [](const fs::path& directory, const Grounds& grounds, Random& random) {
               return replace(directory, grounds.older, draw_file(directory, random), random);
             }),
      change("two files swapped", 20,
             [](const fs::path& directory, const Grounds&, Random& random) {
               const auto a = draw_file(directory, random);
               const auto b = draw_file(directory, random);
               if (a == b) throw std::runtime_error("the same file");
               fs::rename(directory / a, directory / "swapped");
               fs::rename(directory / b, directory / a);
               fs::rename(directory / "swapped", directory / b);
               return a.string() + " and " + b.string();
             }),
      change(
          "whole directory rolled back", 12,
          [](const fs::path& directory, const Grounds& grounds, Random&) {
            fs::remove_all(directory);
            fs::copy(grounds.older, directory, fs::copy_options::recursive);
            return std::string("to the older copy");
          },
          Must::show_outside),
      change(
          "whole directory replaced by another log's", 6,
          [](const fs::path& directory, const Grounds& grounds, Random&) {
            fs::remove_all(directory);
            fs::copy(grounds.other, directory, fs::copy_options::recursive);
            return std::string("by the other");
          },
          Must::show_outside),
  };
}

}  // namespace hansard::tampering
