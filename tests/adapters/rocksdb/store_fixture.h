#pragma once

#include <gtest/gtest.h>

#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "core/event_bytes.h"
#include "core/event_log.h"
#include "data_directory.h"
#include "database.h"
#include "engine_options.h"
#include "rocksdb_store/store.h"
#include "rocksdb_store/verify.h"
#include "support/events.h"
#include "support/log.h"

namespace hansard::rocks::testing {

/// An empty directory, removed with everything in it.
class TempDirectory {
 public:
  TempDirectory() {
    static std::atomic<int> counter{0};
    path_ = std::filesystem::temp_directory_path() /
            ("hansard-rocksdb-" + std::to_string(::getpid()) + "-" + std::to_string(++counter));
    std::filesystem::remove_all(path_);
    std::filesystem::create_directories(path_);
  }
  ~TempDirectory() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  TempDirectory(const TempDirectory&) = delete;
  TempDirectory& operator=(const TempDirectory&) = delete;
  [[nodiscard]] const std::filesystem::path& path() const { return path_; }
  [[nodiscard]] std::filesystem::path data() const { return path_ / "data"; }

 private:
  std::filesystem::path path_;
};

inline const core::EventEquivalence& plain_equivalence() {
  static const core::EventEquivalence instance;
  return instance;
}

/// Small, and independent of how full the machine's disk is.
inline OpenOptions options_for(const std::filesystem::path& directory) {
  OpenOptions options;
  options.directory = directory;
  options.hasher = &support::hasher();
  options.equivalence = &plain_equivalence();
  options.free_space_floor_bytes = 0;
  options.free_space_hard_floor_bytes = 0;
  options.ballast_bytes = 0;
  return options;
}

inline std::unique_ptr<RocksStore> must_open(OpenOptions options) {
  auto store = RocksStore::open(std::move(options));
  EXPECT_TRUE(store) << store.error().message;
  return store ? *std::move(store) : nullptr;
}

/// The error of an opening that must fail.
inline core::Error must_refuse(OpenOptions options) {
  auto store = RocksStore::open(std::move(options));
  EXPECT_FALSE(store) << "opening must fail";
  return store ? core::Error{} : store.error();
}

/// Appends `count` events one by one to a few streams, named `<prefix>0` on.
inline void append_events(core::EventLog& log, int count, const std::string& prefix = "e",
                          const std::string& text = "hello") {
  for (int i = 0; i < count; ++i) {
    const std::string name = prefix + std::to_string(i);
    auto receipt = support::append(
        log, support::request({support::event("session-" + std::to_string(i % 5), name, text)}));
    ASSERT_TRUE(receipt) << receipt.error().message;
  }
}

/// What a kill of the process would leave of an open store: its files as they are now, copied to
/// `to`. (A child process would not do: RocksDB's threads do not survive a fork.)
inline void copy_as_killed(const std::filesystem::path& directory,
                           const std::filesystem::path& to) {
  std::filesystem::remove_all(to);
  std::filesystem::copy(directory, to, std::filesystem::copy_options::recursive);
}

/// The RocksDB files of a closed store, for looking at them and damaging them.
inline std::unique_ptr<Database> open_files(const std::filesystem::path& directory) {
  static const Engine engine{OpenOptions{}};
  auto database = Database::open(engine, {directory / "db", false, false, false});
  EXPECT_TRUE(database) << database.error().message;
  return database ? *std::move(database) : nullptr;
}

inline void put(const Database& database, Family family, std::string_view key,
                std::string_view value) {
  rocksdb::WriteOptions sync;
  sync.sync = true;
  ASSERT_TRUE(database.db().Put(sync, database[family], key, value).ok());
}

inline std::string key_of(core::Position position) {
  const auto key = event_key(position);
  return {key.data(), key.size()};
}

/// Replaces a stored event by its erased form, as an erasure will. @pre the store is closed.
inline void erase_stored(const std::filesystem::path& directory, core::Position position) {
  const auto database = open_files(directory);
  const auto stored = database->get(Family::events, key_of(position), "reading").value();
  ASSERT_TRUE(stored);
  const auto event = core::OwnedEvent::decode(std::string(open_value(*stored).value())).value();
  std::string erased = core::erase_content(event.event(), support::hasher());
  seal_value(erased);
  put(*database, Family::events, key_of(position), erased);
}

/// Files in the RocksDB folder with that extension (`.log`, `.sst`), oldest first.
inline std::vector<std::filesystem::path> files_of(const std::filesystem::path& directory,
                                                   const std::string& extension) {
  std::vector<std::filesystem::path> files;
  for (const auto& entry : std::filesystem::directory_iterator(directory / "db")) {
    if (entry.path().extension() == extension) files.push_back(entry.path());
  }
  std::sort(files.begin(), files.end());
  return files;
}

}  // namespace hansard::rocks::testing
