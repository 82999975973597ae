#include "database.h"

#include <rocksdb/convenience.h>

#include <algorithm>

#include "log_files.h"
#include "status.h"

namespace hansard::rocks {
namespace {

using core::Errc;
using core::Error;
using core::Status;

/// A later format may have more families; RocksDB would only say that they were not opened.
Status check_families(const Engine& engine, const std::string& path) {
  std::vector<std::string> names;
  const auto listed = rocksdb::DB::ListColumnFamilies(db_options(engine), path, &names);
  if (!listed.ok()) return core::Ok{};  // nothing there yet, or damage that opening describes
  for (const std::string& name : names) {
    const bool known =
        name == rocksdb::kDefaultColumnFamilyName ||
        std::find(kFamilyNames.begin(), kFamilyNames.end(), name) != kFamilyNames.end();
    if (known) continue;
    return Error{Errc::unsupported, "the data directory has a column family '" + name +
                                        "' that format " + std::to_string(kFormatVersion) +
                                        ", the newest this program knows, does not have"};
  }
  return core::Ok{};
}

}  // namespace

core::Result<std::unique_ptr<Database>> Database::open(const Engine& engine, const How& how) {
  const std::string path = how.path.string();
  if (auto status = check_families(engine, path); !status) return status.error();
  auto options = db_options(engine);
  options.create_if_missing = how.create;
  if (how.tolerate_loss) tolerate_loss(options);
  rocksdb::DB* db = nullptr;
  std::vector<rocksdb::ColumnFamilyHandle*> handles;
  const auto opened =
      how.read_only ? rocksdb::DB::OpenForReadOnly(options, path, families(engine), &handles, &db)
                    : rocksdb::DB::Open(options, path, families(engine), &handles, &db);
  if (!opened.ok()) return translate(opened, "opening " + path);
  auto database = std::unique_ptr<Database>(new Database(engine.log_files));
  database->db_.reset(db);
  HANSARD_ASSERT(handles.size() == kFamilies + 1, "RocksDB gives a handle for each descriptor");
  database->default_ = handles[0];
  std::copy(handles.begin() + 1, handles.end(), database->handles_.begin());
  return database;
}

Database::Database(std::shared_ptr<LogFiles> log_files) : log_files_(std::move(log_files)) {}

core::Status Database::drop(Family family) {
  const auto status = db_->DropColumnFamily((*this)[family]);
  if (!status.ok()) {
    return translate(status, std::string("dropping the family ") +
                                 kFamilyNames[static_cast<std::size_t>(family)]);
  }
  return core::Ok{};
}

core::Status Database::sync_log() const {
  const auto status = log_files_->sync();
  if (!status.ok()) return translate(status, "syncing a group of appends");
  return core::Ok{};
}

Database::~Database() {
  if (!db_) return;
  for (const auto& [pin, kept] : pins_) db_->ReleaseSnapshot(pin->snapshot);
  rocksdb::CancelAllBackgroundWork(db_.get(), true);
  for (rocksdb::ColumnFamilyHandle* handle : handles_) {
    if (handle != nullptr) db_->DestroyColumnFamilyHandle(handle).PermitUncheckedError();
  }
  if (default_ != nullptr) db_->DestroyColumnFamilyHandle(default_).PermitUncheckedError();
  // Whatever had to be durable was synced before; there is nobody left to tell of an error.
  db_->Close().PermitUncheckedError();
}

core::Result<std::optional<std::string>> Database::get(Family family, std::string_view key,
                                                       std::string_view doing) const {
  std::string value;
  const auto status = db_->Get(rocksdb::ReadOptions(), (*this)[family], key, &value);
  if (status.IsNotFound()) return std::optional<std::string>{};
  if (!status.ok()) return translate(status, doing);
  return std::optional<std::string>{std::move(value)};
}

std::shared_ptr<const Database::Pin> Database::pin() {
  auto pin = std::make_shared<Pin>();
  pin->snapshot = db_->GetSnapshot();
  const std::lock_guard lock(mutex_);
  pins_.emplace(pin.get(), pin);
  return pin;
}

void Database::unpin(const Pin& pin) {
  {
    const std::lock_guard lock(mutex_);
    if (pins_.erase(&pin) == 0) return;  // was taken back
  }
  db_->ReleaseSnapshot(pin.snapshot);
  unpinned_.notify_all();
}

void Database::outlive_pins(rocksdb::SequenceNumber sequence, std::chrono::milliseconds patience) {
  const auto old = [sequence](const auto& each) {
    return each.second->snapshot->GetSequenceNumber() < sequence;
  };
  std::unique_lock lock(mutex_);
  unpinned_.wait_for(lock, patience,
                     [&] { return closing() || std::none_of(pins_.begin(), pins_.end(), old); });
  for (auto each = pins_.begin(); each != pins_.end();) {
    if (!old(*each)) {
      ++each;
      continue;
    }
    {
      const std::unique_lock in_use(each->second->in_use);
      each->second->taken_back.store(true, std::memory_order_release);
      db_->ReleaseSnapshot(each->second->snapshot);
    }
    each = pins_.erase(each);
  }
}

core::Result<std::shared_ptr<Database>> DatabaseSlot::get() const {
  const std::lock_guard lock(mutex_);
  if (database_) return database_;
  return Error{Errc::unavailable, "the store is closed, or being reopened after a failed write"};
}

void DatabaseSlot::set(std::unique_ptr<Database> database) {
  auto closed = std::make_shared<std::promise<void>>();
  const std::lock_guard lock(mutex_);
  HANSARD_ASSERT(!database_, "one database at a time: RocksDB locks the directory");
  closed_ = closed->get_future();
  database_ = std::shared_ptr<Database>(database.release(), [closed](Database* gone) {
    delete gone;
    closed->set_value();
  });
  epoch_.fetch_add(1, std::memory_order_acq_rel);
}

void DatabaseSlot::close() {
  std::shared_ptr<Database> database;
  std::future<void> closed;
  {
    const std::lock_guard lock(mutex_);
    database.swap(database_);
    closed = std::move(closed_);
  }
  if (!database) return;
  database->begin_close();
  database.reset();
  closed.wait();
}

}  // namespace hansard::rocks
