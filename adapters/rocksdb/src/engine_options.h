#pragma once

#include <rocksdb/db.h>

#include <memory>
#include <string>
#include <vector>

#include "layout.h"
#include "rocksdb_store/store.h"

namespace rocksdb {
class Cache;
class Env;
class WriteBufferManager;
}  // namespace rocksdb

namespace hansard::rocks {

class CompactionPace;
class LogFiles;

/// What RocksDB shares between one opening of the files and the next: memory budgets and the file
/// system. Immutable.
struct Engine {
  explicit Engine(const OpenOptions& options);
  ~Engine();
  Engine(const Engine&) = delete;
  Engine& operator=(const Engine&) = delete;

  std::shared_ptr<LogFiles> log_files;  ///< over the given file system
  std::unique_ptr<rocksdb::Env> env;    ///< over those
  std::shared_ptr<rocksdb::Cache> block_cache;
  std::shared_ptr<rocksdb::WriteBufferManager> memtables;
  std::shared_ptr<CompactionPace> pace;  ///< of compactions that were ordered
};

rocksdb::DBOptions db_options(const Engine& engine);
/// For accepting a loss: replays past holes in the write-ahead log, whose absence is no error.
void tolerate_loss(rocksdb::DBOptions& options);
rocksdb::ColumnFamilyOptions family_options(const Engine& engine, Family family);

/// RocksDB's own `default` (unused, but it must be there), then ours in the order of `Family`.
std::vector<rocksdb::ColumnFamilyDescriptor> families(const Engine& engine);

}  // namespace hansard::rocks
