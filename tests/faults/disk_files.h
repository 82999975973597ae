#pragma once

#include <memory>

#include "disk.h"
#include "rocksdb_store/own_files.h"

namespace rocksdb {
class FileSystem;
}

namespace hansard::faults {

/// A `Disk` as RocksDB sees files, and as the adapter's own files are seen: both on one disk.
std::shared_ptr<rocksdb::FileSystem> rocksdb_files(std::shared_ptr<Disk> disk);
std::shared_ptr<rocks::OwnFiles> own_files(std::shared_ptr<Disk> disk);

/// RocksDB's thread pools are the process's, and a job that fails sleeps for a second in them:
/// without this, stores that fail side by side would wait for each other.
void widen_background_pools(int threads);

}  // namespace hansard::faults
