#include "changes.h"

#include <algorithm>
#include <iterator>

namespace hansard::tampering {

namespace fs = std::filesystem;

std::string_view name(Level level) {
  switch (level) {
    case Level::bytes:
      return "bytes";
    case Level::records:
      return "records";
    case Level::files:
      return "files";
  }
  return "?";
}

const std::vector<Change>& changes() {
  static const std::vector<Change> all = [] {
    std::vector<Change> list;
    for (auto part : {byte_changes(), event_changes(), entry_changes(), file_changes()}) {
      std::move(part.begin(), part.end(), std::back_inserter(list));
    }
    return list;
  }();
  return all;
}

std::vector<fs::path> files_of(const fs::path& directory) {
  std::vector<fs::path> files;
  for (const auto& entry : fs::recursive_directory_iterator(directory)) {
    if (!entry.is_regular_file()) continue;
    const std::string base = entry.path().filename().string();
    if (base.rfind("LOG", 0) == 0 || base == "LOCK") continue;
    files.push_back(fs::relative(entry.path(), directory));
  }
  std::sort(files.begin(), files.end());
  return files;
}

}  // namespace hansard::tampering
