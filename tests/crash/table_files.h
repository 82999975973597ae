#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <set>
#include <string>

namespace hansard::crash {

/// The table files (`*.sst`) of a data directory: what flushes, compactions and recovery write.
/// Watching them lets a kill hit one in the making; looking at their ends tells whether it did.
class TableFiles {
 public:
  explicit TableFiles(std::filesystem::path data) : directory_(std::move(data) / "db") {}

  /// Remembers which files there are now.
  void mark();
  /// Looks again and again until there is a file that was not there at `mark`, or `give_up` says
  /// so. @return true when one came.
  [[nodiscard]] bool wait_new(const std::function<bool()>& give_up) const;
  /// Files that came since `mark`.
  [[nodiscard]] std::size_t fresh() const;
  /// Files that went since `mark`: a compaction put others in their place.
  [[nodiscard]] std::size_t gone() const;
  /// Files without the eight bytes that end a whole one: the kill came while they were written.
  [[nodiscard]] std::size_t unfinished() const;
  /// Bytes in write-ahead logs: what the next start replays.
  [[nodiscard]] std::uintmax_t log_bytes() const;

 private:
  [[nodiscard]] std::set<std::string> names() const;

  std::filesystem::path directory_;
  std::set<std::string> marked_;
};

}  // namespace hansard::crash
