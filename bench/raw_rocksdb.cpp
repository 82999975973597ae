#include "raw_rocksdb.h"

#include <rocksdb/db.h>
#include <rocksdb/write_batch.h>

#include <chrono>
#include <thread>

#include "core/assert.h"
#include "engine_options.h"

namespace hansard::bench {
namespace {

using rocks::Family;
using rocks::kFamilies;

void must(const rocksdb::Status& status, const char* what) {
  if (!status.ok()) core::assertion_failed(status.ToString().c_str(), what, __FILE__, __LINE__);
}

/// An open database and its families, in the order of the descriptors given.
struct Opened {
  std::unique_ptr<rocksdb::DB> db;
  std::vector<rocksdb::ColumnFamilyHandle*> handles;

  ~Opened() {
    for (auto* handle : handles) must(db->DestroyColumnFamilyHandle(handle), "closing a family");
    must(db->Close(), "closing a raw database");
  }
  [[nodiscard]] rocksdb::ColumnFamilyHandle* of(Family family) const {
    return handles[static_cast<std::size_t>(family) + 1];  // the first is RocksDB's own
  }
  template <class Visit>
  void scan(Family family, const Visit& visit) const {
    rocksdb::ReadOptions options;
    options.total_order_seek = true;
    const std::unique_ptr<rocksdb::Iterator> it(db->NewIterator(options, of(family)));
    for (it->SeekToFirst(); it->Valid(); it->Next()) {
      visit(it->key().ToStringView(), it->value().ToStringView());
    }
    must(it->status(), "reading a raw database");
  }
};

/// Position of the event that made an append write this key; a full tile comes with its last event.
std::uint64_t position_of(Family family, std::string_view key, std::string_view value) {
  switch (family) {
    case Family::events:
      return rocks::get_be64(key);
    case Family::merkle: {
      const auto level = static_cast<unsigned>(key.front());
      const std::uint64_t width = std::uint64_t{1} << (8 * (level + 1));
      return (rocks::get_be64(key, 1) + 1) * width - 1;
    }
    default:
      return rocks::get_be64(value);  // streams: of the run's first event; ids: of the event
  }
}

}  // namespace

std::vector<std::vector<StoredKey>> read_batches(const std::filesystem::path& database,
                                                 std::uint64_t events, std::size_t events_each) {
  const rocks::OpenOptions defaults;
  const rocks::Engine engine(defaults);
  Opened opened;
  rocksdb::DB* db = nullptr;
  must(rocksdb::DB::OpenForReadOnly(rocks::db_options(engine), database.string(),
                                    rocks::families(engine), &opened.handles, &db),
       "opening what a store wrote");
  opened.db.reset(db);
  std::vector<std::vector<StoredKey>> batches(events / events_each);
  for (const Family family : {Family::events, Family::ids, Family::streams, Family::merkle}) {
    opened.scan(family, [&](std::string_view key, std::string_view value) {
      const std::uint64_t position = position_of(family, key, value);
      HANSARD_ASSERT(position < events, "every key belongs to an event");
      batches[position / events_each].push_back({family, std::string(key), std::string(value)});
    });
  }
  return batches;
}

KeyCounts count_keys(const std::vector<std::vector<StoredKey>>& batches) {
  KeyCounts counts{};
  for (const auto& batch : batches) {
    for (const StoredKey& stored : batch) ++counts[static_cast<std::size_t>(stored.family)];
  }
  return counts;
}

struct RawFamilies::Impl {
  explicit Impl(const rocks::OpenOptions& options) : engine(options) {}
  rocks::Engine engine;
  Opened opened;
};

RawFamilies::RawFamilies(const std::filesystem::path& path, Writers writers)
    : impl_(std::make_unique<Impl>(rocks::OpenOptions{})) {
  auto options = rocks::db_options(impl_->engine);
  options.create_if_missing = true;
  if (writers == Writers::many) {
    const rocksdb::DBOptions plain;
    options.allow_concurrent_memtable_write = plain.allow_concurrent_memtable_write;
    options.enable_write_thread_adaptive_yield = plain.enable_write_thread_adaptive_yield;
  }
  rocksdb::DB* db = nullptr;
  must(rocksdb::DB::Open(options, path.string(), rocks::families(impl_->engine),
                         &impl_->opened.handles, &db),
       "opening a raw database");
  impl_->opened.db.reset(db);
}

RawFamilies::~RawFamilies() = default;

std::optional<std::string> RawFamilies::write(const std::vector<StoredKey>& batch,
                                              std::optional<Family> without) {
  thread_local rocksdb::WriteBatch write;
  write.Clear();
  for (const StoredKey& stored : batch) {
    if (stored.family == without) continue;
    must(write.Put(impl_->opened.of(stored.family), stored.key, stored.value), "filling a batch");
  }
  rocksdb::WriteOptions options;
  options.sync = true;
  const auto status = impl_->opened.db->Write(options, &write);
  if (status.ok()) return {};
  return status.ToString();
}

void RawFamilies::finish() {
  rocksdb::DB& db = *impl_->opened.db;
  must(db.Flush(rocksdb::FlushOptions(), impl_->opened.handles), "flushing a raw database");
  const auto busy = [&](const std::string& property) {
    for (auto* handle : impl_->opened.handles) {
      std::uint64_t count = 0;
      must(db.GetIntProperty(handle, property, &count) ? rocksdb::Status::OK()
                                                       : rocksdb::Status::NotSupported(property),
           "asking what a raw database is doing");
      if (count != 0) return true;
    }
    return false;
  };
  // Nothing tells when compactions end, so it is asked for.
  while (busy(rocksdb::DB::Properties::kCompactionPending) ||
         busy(rocksdb::DB::Properties::kNumRunningCompactions)) {
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
}

KeyCounts RawFamilies::count() const {
  KeyCounts counts{};
  for (std::size_t i = 0; i < kFamilies; ++i) {
    impl_->opened.scan(static_cast<Family>(i),
                       [&](std::string_view, std::string_view) { ++counts[i]; });
  }
  return counts;
}

struct RawSingle::Impl {
  std::unique_ptr<rocksdb::DB> db;
};

RawSingle::RawSingle(const std::filesystem::path& path) : impl_(std::make_unique<Impl>()) {
  rocksdb::Options options;
  options.create_if_missing = true;
  options.compression = rocksdb::kLZ4Compression;
  rocksdb::DB* db = nullptr;
  must(rocksdb::DB::Open(options, path.string(), &db), "opening a raw database");
  impl_->db.reset(db);
}

RawSingle::~RawSingle() { must(impl_->db->Close(), "closing a raw database"); }

std::optional<std::string> RawSingle::put(std::uint64_t number, const std::string& value) {
  const auto key = rocks::event_key(core::Position{number});
  rocksdb::WriteOptions options;
  options.sync = true;
  const auto status = impl_->db->Put(options, {key.data(), key.size()}, value);
  if (status.ok()) return {};
  return status.ToString();
}

RawSingle::Totals RawSingle::totals() const {
  Totals totals;
  const std::unique_ptr<rocksdb::Iterator> it(impl_->db->NewIterator(rocksdb::ReadOptions()));
  for (it->SeekToFirst(); it->Valid(); it->Next()) {
    ++totals.keys;
    totals.bytes += it->value().size();
  }
  must(it->status(), "reading a raw database");
  return totals;
}

}  // namespace hansard::bench
