#include "engine_options.h"

#include <rocksdb/cache.h>
#include <rocksdb/env.h>
#include <rocksdb/file_system.h>
#include <rocksdb/filter_policy.h>
#include <rocksdb/listener.h>
#include <rocksdb/slice_transform.h>
#include <rocksdb/table.h>
#include <rocksdb/write_buffer_manager.h>

#include "compaction_pace.h"
#include "log_files.h"

namespace hansard::rocks {
namespace {

/// The whole length-prefixed (project, stream): a head lookup for a new stream is one bloom probe.
class StreamPrefix final : public rocksdb::SliceTransform {
 public:
  [[nodiscard]] const char* Name() const override { return "hansard.stream"; }
  [[nodiscard]] rocksdb::Slice Transform(const rocksdb::Slice& key) const override {
    return {key.data(), stream_prefix_bytes(key.ToStringView())};
  }
  [[nodiscard]] bool InDomain(const rocksdb::Slice& key) const override {
    return stream_prefix_bytes(key.ToStringView()) != 0;
  }
};

/// After a failure nothing but our own reopening may go on writing. Left alone, RocksDB would
/// resume by itself when a disk that was full has space again, and flush some families past a log
/// whose end is torn: point-in-time recovery then refuses to open.
class NoRecoveryOfItsOwn final : public rocksdb::EventListener {
 public:
  void OnErrorRecoveryBegin(rocksdb::BackgroundErrorReason, rocksdb::Status,
                            bool* auto_recovery) override {
    *auto_recovery = false;
  }
};

struct FamilyTuning {
  std::size_t memtable_bytes;
  std::size_t block_bytes;
  bool compress;  ///< ids and hashes do not shrink
  double bloom_bits;
};

// Measured choices are in README.md.
FamilyTuning tuning(Family family) {
  constexpr std::size_t kMiB = 1U << 20;
  switch (family) {
    case Family::events:
      return {32 * kMiB, 32U << 10, true, 0};
    case Family::streams:
      return {8 * kMiB, 8U << 10, true, 10};
    case Family::ids:
      return {12 * kMiB, 8U << 10, false, 10};
    case Family::merkle:
      return {4 * kMiB, 16U << 10, false, 0};
    case Family::views:
      return {16 * kMiB, 16U << 10, true, 10};
    case Family::blobs:
      return {8 * kMiB, 32U << 10, true, 10};
    case Family::prefixes:
      return {8 * kMiB, 8U << 10, false, 10};
    case Family::meta:
      return {1 * kMiB, 4U << 10, true, 0};
  }
  HANSARD_ASSERT(false, "every family is listed above");
}

}  // namespace

Engine::Engine(const OpenOptions& options)
    : log_files(std::make_shared<LogFiles>(options.file_system ? options.file_system
                                                               : rocksdb::FileSystem::Default())),
      env(rocksdb::NewCompositeEnv(log_files)) {
  rocksdb::LRUCacheOptions cache;
  cache.capacity = options.block_cache_bytes;
  cache.num_shard_bits = 4;
  cache.high_pri_pool_ratio = 0.5;  // index and filter blocks stay when a scan passes through
  block_cache = rocksdb::NewLRUCache(cache);
  memtables = std::make_shared<rocksdb::WriteBufferManager>(options.memtable_bytes);
  pace = std::make_shared<CompactionPace>();
}

Engine::~Engine() = default;

rocksdb::DBOptions db_options(const Engine& engine) {
  rocksdb::DBOptions options;
  options.env = engine.env.get();
  options.write_buffer_manager = engine.memtables;
  options.create_missing_column_families = true;
  // An acknowledged group is in the synced part of the log; whatever follows the first hole was
  // never acknowledged. HEAD tells when a hole is where none may be.
  options.wal_recovery_mode = rocksdb::WALRecoveryMode::kPointInTimeRecovery;
  options.track_and_verify_wals_in_manifest = true;  // a whole missing file is a hole, too
  options.recycle_log_file_num = 0;
  options.manual_wal_flush = false;
  options.wal_compression = rocksdb::kNoCompression;
  options.max_total_wal_size = 64U << 20;  // bounds the replay at start
  // What recovery read may be in the page cache only (a kill, or a sync that failed): it is written
  // to new, synced files before anything is served.
  options.avoid_flush_during_recovery = false;
  // An orderly close flushes by itself; after a failed sync nothing may touch the old file again.
  options.avoid_flush_during_shutdown = true;
  // One thread writes the log, so batches are never inserted side by side.
  options.allow_concurrent_memtable_write = false;
  options.enable_write_thread_adaptive_yield = false;
  options.max_bgerror_resume_count = 0;
  options.listeners.push_back(std::make_shared<NoRecoveryOfItsOwn>());
  options.max_background_jobs = 2;
  options.bytes_per_sync = 1U << 20;  // no bursts of writeback in the way of a sync
  options.max_open_files = 512;
  options.max_file_opening_threads = 1;
  options.skip_stats_update_on_db_open = true;
  options.stats_dump_period_sec = 0;
  options.stats_persist_period_sec = 0;
  options.info_log_level = rocksdb::WARN_LEVEL;
  options.keep_log_file_num = 4;
  options.max_log_file_size = 4U << 20;
  return options;
}

void tolerate_loss(rocksdb::DBOptions& options) {
  options.wal_recovery_mode = rocksdb::WALRecoveryMode::kSkipAnyCorruptedRecords;
  options.track_and_verify_wals_in_manifest = false;
}

rocksdb::ColumnFamilyOptions family_options(const Engine& engine, Family family) {
  const FamilyTuning tuned = tuning(family);
  rocksdb::ColumnFamilyOptions options;
  options.write_buffer_size = tuned.memtable_bytes;
  options.max_write_buffer_number = 3;
  options.level_compaction_dynamic_level_bytes = true;
  options.target_file_size_base = 64U << 20;
  options.compaction_filter_factory = engine.pace;
  options.compression = tuned.compress ? rocksdb::kLZ4Compression : rocksdb::kNoCompression;
  options.bottommost_compression = tuned.compress ? rocksdb::kZSTD : rocksdb::kNoCompression;
  options.bottommost_compression_opts.enabled = true;
  options.bottommost_compression_opts.level = 1;

  rocksdb::BlockBasedTableOptions table;
  table.block_size = tuned.block_bytes;
  table.block_cache = engine.block_cache;
  table.cache_index_and_filter_blocks = true;
  table.cache_index_and_filter_blocks_with_high_priority = true;
  table.pin_l0_filter_and_index_blocks_in_cache = true;
  table.checksum = rocksdb::kXXH3;
  table.format_version = 5;
  if (tuned.bloom_bits > 0) {
    table.filter_policy.reset(rocksdb::NewBloomFilterPolicy(tuned.bloom_bits));
  }
  if (family == Family::streams) {
    options.prefix_extractor = std::make_shared<StreamPrefix>();
    options.memtable_prefix_bloom_size_ratio = 0.1;
    table.whole_key_filtering = false;
  }
  if (family == Family::ids) {
    options.memtable_prefix_bloom_size_ratio = 0.1;
    options.memtable_whole_key_filtering = true;
  }
  options.table_factory.reset(rocksdb::NewBlockBasedTableFactory(table));
  return options;
}

std::vector<rocksdb::ColumnFamilyDescriptor> families(const Engine& engine) {
  std::vector<rocksdb::ColumnFamilyDescriptor> all;
  all.emplace_back(rocksdb::kDefaultColumnFamilyName, family_options(engine, Family::meta));
  for (std::size_t i = 0; i < kFamilies; ++i) {
    all.emplace_back(kFamilyNames[i], family_options(engine, static_cast<Family>(i)));
  }
  return all;
}

}  // namespace hansard::rocks
