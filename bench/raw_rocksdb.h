#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "layout.h"

namespace hansard::bench {

/// One key that an append put into the database.
struct StoredKey {
  rocks::Family family;
  std::string key;
  std::string value;
};

/// What a store wrote, cut into batches of `events_each` events: every key and value that belongs
/// to those events, byte for byte.
std::vector<std::vector<StoredKey>> read_batches(const std::filesystem::path& database,
                                                 std::uint64_t events, std::size_t events_each);

using KeyCounts = std::array<std::uint64_t, rocks::kFamilies>;
KeyCounts count_keys(const std::vector<std::vector<StoredKey>>& batches);

/// RocksDB with the column families and options of our store, and nothing of it around.
class RawFamilies {
 public:
  /// How RocksDB's own write threads are set: as our store does for its one writing thread, or as
  /// RocksDB does by itself, for many.
  enum class Writers : std::uint8_t { one, many };
  RawFamilies(const std::filesystem::path& path, Writers writers);
  ~RawFamilies();
  RawFamilies(const RawFamilies&) = delete;
  RawFamilies& operator=(const RawFamilies&) = delete;

  /// Writes `batch` but for the keys of `without`, synced. Returns what went wrong.
  std::optional<std::string> write(const std::vector<StoredKey>& batch,
                                   std::optional<rocks::Family> without);
  /// Flushes everything and waits until nothing is left to compact.
  void finish();
  [[nodiscard]] KeyCounts count() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

/// RocksDB as one gets it: one column family, its defaults, LZ4.
class RawSingle {
 public:
  explicit RawSingle(const std::filesystem::path& path);
  ~RawSingle();
  RawSingle(const RawSingle&) = delete;
  RawSingle& operator=(const RawSingle&) = delete;

  /// Writes one key, synced. Returns what went wrong.
  std::optional<std::string> put(std::uint64_t number, const std::string& value);
  /// Keys and the bytes of their values.
  struct Totals {
    std::uint64_t keys = 0;
    std::uint64_t bytes = 0;
  };
  [[nodiscard]] Totals totals() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace hansard::bench
