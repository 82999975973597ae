#pragma once

#include <atomic>

#include "committer.h"
#include "content_eraser.h"
#include "data_directory.h"
#include "maintenance.h"
#include "rocks_log.h"
#include "rocks_tree.h"
#include "rocksdb_store/store.h"
#include "view_store.h"

namespace hansard::rocks {

struct RocksStore::Impl {
  Impl(OpenOptions opened, DataDirectory locked);

  /// Everything `open` does once the directory is locked.
  core::Status start();
  core::Result<std::unique_ptr<Database>> open_database() const;
  /// Refuses a log that ends before HEAD, or goes on when that was accepted.
  core::Status check_head(core::Position end);
  void notice(const std::string& text) const;

  const OpenOptions options;
  const DataDirectory directory;
  std::atomic<std::uint64_t> epoch;
  const Engine engine;
  DatabaseSlot databases;
  HeadFile head_file;
  Published published;
  Counters counters;
  SpaceGuard space;
  Notifier notifier;
  ErasureMask mask;
  ViewStore views;
  RocksLog log;
  RocksTree hash_tree;
  RocksEraser eraser;
  std::unique_ptr<Maintenance> maintenance;  ///< none when read-only
  std::unique_ptr<Committer> committer;      ///< none when read-only
  bool closed = false;
};

}  // namespace hansard::rocks
